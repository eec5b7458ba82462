import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Quotas: a refused file gets a note, and is accepted by itself when there is room. A stand-in
    /// transcribes, since the words do not matter here.
    @Suite(.timeLimit(.minutes(5))) struct Quotas {
        private func settings(_ server: FaultServer) -> DaemonSettings {
            ["queue.engine": "openai", "openai.base_url": "http://127.0.0.1:\(server.port)/v1"]
        }

        private func server() throws -> FaultServer {
            try FaultServer(status: "200 OK", body: #"{"text": "Salom dunyo.", "language": "uz"}"#)
        }

        private func speech(_ daemon: DaemonFixture) throws -> Data {
            try Data(contentsOf: URL(filePath: daemon.installation.sample("jfk")))
        }

        @Test func fileWithoutRoomIsAcceptedWhenThereIsRoom() async throws {
            let server = try server()
            let limits = settings(server).merging(["quota.files": 1])
            try await withDaemon(limits) { daemon in
                let speech = try speech(daemon)
                try daemon.write(SampleAudio.variant(1, of: speech), as: "alisher/1.wav")
                _ = try await daemon.awaitText(of: "alisher/1.wav.txt")
                try daemon.write(SampleAudio.variant(2, of: speech), as: "alisher/2.wav")
                let stamp = daemon.stamp(of: "alisher/2.wav")
                let note = try await daemon.awaitText(of: "alisher/2.wav.rejected.txt")
                #expect(note.contains("you have 1 and your quota is 1"), "\(note)")
                let shown = try await daemon.kotibctl(["user", "show", "alisher"])
                #expect(shown.output.contains("1 of 1"), "\(shown.output)")

                // Deleted here, room is made for what waits; by hand or by kotibctl.
                try daemon.remove("alisher/1.wav")
                _ = try await daemon.awaitText(of: "alisher/2.wav.txt")
                try await daemon.awaitAbsence(of: "alisher/2.wav.rejected.txt")
                #expect(daemon.stamp(of: "alisher/2.wav") == stamp)

                try daemon.write(SampleAudio.variant(3, of: speech), as: "alisher/3.wav")
                try await daemon.awaitText(of: "alisher/3.wav.rejected.txt")
                let set = try await daemon.kotibctl(["user", "set", "alisher", "--quota-files", "2"])
                #expect(set.end == .exited(0) && set.output.contains("1 of 2"), "\(set.output)\(set.errors)")
                _ = try await daemon.awaitText(of: "alisher/3.wav.txt")
                try await daemon.awaitAbsence(of: "alisher/3.wav.rejected.txt")
                #expect(server.received.count == 3)
            }
        }

        @Test func anUploadWithoutRoomIsToldSoAndLeavesNothing() async throws {
            let server = try server()
            try await withDaemon(settings(server)) { daemon in
                let sample = try daemon.installation.sample("jfk")
                let size = try speech(daemon).count
                _ = try await daemon.kotibctl(["user", "add", "alisher"])
                let set = try await daemon.kotibctl(
                    ["user", "set", "alisher", "--quota-bytes", "\(size)", "--quota-minutes", "1"])
                #expect(set.end == .exited(0), "\(set.errors)")
                let first = try await daemon.kotibctl(["upload", "--user", "alisher", sample])
                #expect(first.end == .exited(0), "\(first.errors)")
                _ = try await daemon.awaitText(of: "alisher/jfk.wav.txt")

                // Larger than what a connection holds unread.
                let large = daemon.scratch + "/large.wav"
                try Data(count: 40_000_000).write(to: URL(filePath: large))
                for file in [sample, large] {
                    let refused = try await daemon.kotibctl(["upload", "--user", "alisher", file])
                    #expect(refused.end != .exited(0))
                    #expect(refused.errors.contains("your quota of"), "\(refused.errors)")
                }
                let answer = try await daemon.request(
                    "POST", "/api/v1/audio/upload?user=alisher", options: ["--form", "file=@\(sample)"])
                #expect(answer.status == 507 && answer["code"] == "over_quota", "\(answer)")
                #expect(try daemon.names(in: "alisher") == ["jfk.wav", "jfk.wav.txt"])
                try await daemon.awaitEvent("upload refused")
                #expect(server.received.count == 1)
            }
        }

        /// Midnight comes where the clock says so: here half a minute after the start.
        @Test func minutesComeBackAtMidnightOfTheServersTimeZone() async throws {
            let secondsToMidnight = 30
            let ofDay = Int(Date().timeIntervalSince1970) % 86_400
            let ahead = (2 * 86_400 - secondsToMidnight - ofDay) % 86_400
            // POSIX's own form (tzset(3)): what is east of Greenwich is negative.
            let zone = "KOT-\(ahead / 3600):\(ahead / 60 % 60):\(ahead % 60)"
            let midnight = Date() + Double(secondsToMidnight)
            let server = try server()
            let limits = settings(server).merging(["quota.minutes_per_day": 1])
            try await withDaemon(limits, environment: ["TZ": zone]) { daemon in
                let speech = try speech(daemon)
                // 11 seconds each.
                for number in 1...5 {
                    try daemon.write(SampleAudio.variant(number, of: speech), as: "alisher/\(number).wav")
                    _ = try await daemon.awaitText(of: "alisher/\(number).wav.txt")
                }
                try daemon.write(SampleAudio.variant(6, of: speech), as: "alisher/6.wav")
                let note = try await daemon.awaitText(of: "alisher/6.wav.rejected.txt")
                #expect(note.contains("after midnight"), "\(note)")
                let upload = try await daemon.upload(
                    daemon.installation.sample("jfk"), named: "7.wav", token: nil)
                #expect(upload.status == 422, "the operator has no folder")
                let sent = try await daemon.request(
                    "POST", "/api/v1/audio/upload?user=alisher",
                    options: ["--form", "file=@\(daemon.installation.sample("jfk"))"])
                #expect(sent.status == 429, "\(sent)")
                let seconds = try #require(sent.headers["retry-after"].flatMap { Double($0) })
                #expect(abs(midnight.timeIntervalSinceNow - seconds) < 5)
                // Deleting gives no minutes back.
                try daemon.remove("alisher/1.wav")
                _ = try await daemon.awaitText(of: "alisher/6.wav.txt", within: .seconds(90))
                #expect(Date() >= midnight - 1)
                try await daemon.awaitAbsence(of: "alisher/6.wav.rejected.txt")
                #expect(server.received.count == 6)
            }
        }
    }
}
