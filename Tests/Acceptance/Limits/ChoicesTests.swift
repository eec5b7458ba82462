import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Settings of users and of folders.
    @Suite(.timeLimit(.minutes(5))) struct Choices {
        private let answer = #"{"text": "Salom dunyo.", "language": "uz"}"#

        private func languages(_ server: FaultServer) throws -> [String?] {
            try server.received.map { request in
                try request.form().first { $0.head.contains(#"name="language""#) }
                    .map { String(decoding: $0.body, as: UTF8.self) }
            }
        }

        @Test func aFoldersLanguageComesFromItsKotibIni() async throws {
            let server = try FaultServer(status: "200 OK", body: answer)
            let remote: DaemonSettings = [
                "queue.engine": "openai", "openai.base_url": "http://127.0.0.1:\(server.port)/v1",
            ]
            try await withDaemon(remote) { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/talk.wav"))
                var number = 0
                func transcribe(in folder: String) async throws {
                    number += 1
                    let name = "\(folder)/\(number).wav"
                    try daemon.write(SampleAudio.variant(number, of: speech), as: name)
                    _ = try await daemon.awaitText(of: name + ".txt")
                }
                try daemon.makeFolder("alisher/dars/eski")
                try daemon.write(Data("# o'zbekcha\r\nlanguage = uz\r\n".utf8), as: "alisher/dars/kotib.ini")
                try await transcribe(in: "alisher")
                try await transcribe(in: "alisher/dars/eski")

                // Broken, it stops nothing and says so; a note tells until it is mended.
                try daemon.write(Data("langauge = ru\n".utf8), as: "alisher/dars/kotib.ini")
                let note = try await daemon.awaitText(of: "alisher/dars/kotib.ini.rejected.txt")
                #expect(note.contains("“langauge”") && note.contains("did you mean “language”?"), "\(note)")
                try await transcribe(in: "alisher/dars")
                try await daemon.awaitEvent("folder settings ignored, using the user's settings")
                try daemon.write(Data("language = ru\n".utf8), as: "alisher/dars/kotib.ini")
                try await daemon.awaitAbsence(of: "alisher/dars/kotib.ini.rejected.txt")
                try await transcribe(in: "alisher/dars")

                #expect(try languages(server) == ["en", "uz", "en", "ru"])
                #expect(
                    try daemon.names(in: "alisher/dars").filter { $0.hasPrefix("kotib") } == ["kotib.ini"])
                #expect(try await daemon.recordings().count == 4)
            }
        }

        @Test func localRecordingIsNeverSentToAServer() async throws {
            let server = try FaultServer(status: "200 OK", body: answer)
            let both: DaemonSettings = [
                "queue.engine": "openai", "queue.other_engines": ["local"],
                "openai.base_url": "http://127.0.0.1:\(server.port)/v1",
            ]
            try await withDaemon(both) { daemon in
                for name in ["alisher", "malika"] {
                    let added = try await daemon.kotibctl(["user", "add", name])
                    #expect(added.end == .exited(0), "\(added.errors)")
                }
                let set = try await daemon.kotibctl(["user", "set", "alisher", "--engine", "local"])
                #expect(set.end == .exited(0) && set.output.contains("local"), "\(set.errors)")
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                try daemon.drop(daemon.installation.sample("jfk"), as: "malika/jfk.wav")
                #expect(try await daemon.awaitText(of: "malika/jfk.wav.txt") == "Salom dunyo.\n")
                let text = try await daemon.awaitText(of: "alisher/jfk.wav.txt")
                #expect(WordErrorRate.of(text, against: Said.jfk) <= 0.1, "\(text)\n\(daemon.story)")
                #expect(server.received.count == 1, "\(daemon.story)")
            }
        }

        @Test func anEngineThatIsNotThereIsRefused() async throws {
            try await withDaemon { daemon in
                _ = try await daemon.kotibctl(["user", "add", "alisher"])
                let set = try await daemon.kotibctl(["user", "set", "alisher", "--engine", "openai"])
                #expect(set.end != .exited(0))
                #expect(set.errors.contains("not configured; there are: local"), "\(set.errors)")
                let reset = try await daemon.kotibctl(["user", "set", "alisher", "--engine", "default"])
                #expect(reset.end == .exited(0), "\(reset.errors)")
            }
        }
    }
}
