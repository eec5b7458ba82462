import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// A harness that cannot fail proves nothing.
    @Suite(.timeLimit(.minutes(5))) struct Harness {
        @Test(arguments: [
            ("It was the best of times", "it was the best, of TIMES!", 0.0),
            ("one two three four", "one three four", 0.25),
            ("one two three four", "one two two three four", 0.25),
            ("one two three four", "one too three four", 0.25),
            ("one two", "", 1.0),
            ("", "invented", .infinity),
        ])
        func wordErrorRateCountsEachEdit(said: String, written: String, rate: Double) {
            #expect(WordErrorRate.of(written, against: said) == rate)
        }

        @Test func settingsBecomeToml() {
            let settings: DaemonSettings = ["state": "a\"b", "watch.settle": 0.5, "queue.jobs": 2]
            #expect(settings.toml == "state = \"a\\\"b\"\n\n[queue]\njobs = 2\n\n[watch]\nsettle = 0.5\n")
        }

        @Test func variantsOfARecordingAllDiffer() {
            let recording = Data(repeating: 7, count: 200)
            let variants = Set((0..<300).map { SampleAudio.variant($0, of: recording) })
            #expect(variants.count == 300)
            #expect(variants.allSatisfy { $0.count == 200 && $0.prefix(44) == recording.prefix(44) })
        }

        @Test(arguments: [(["a", "b", "c"], 1), (["a", "a", "b", "b", "c", "c"], 2), (["a", "a", "a"], 5)])
        func anUnfairOrderIsSeen(pattern: [String], lead: Int) {
            let users = ["a", "b", "c"]
            let accepted = users.flatMap { user in
                (0..<6).map { _ in DaemonEvent(DaemonMessage.accepted, ["user": user]) }
            }
            // The job that ends first was chosen before all waited, and does not count.
            let order = ["a"] + (0..<(5 / pattern.count + 1)).flatMap { _ in pattern }
            let served = order.prefix(6).map { DaemonEvent(DaemonMessage.transcribed, ["user": $0]) }
            #expect(Turns(events: accepted + served, users: users).widestLead == lead)
        }

        @Test func theFaultServerGivesItsAnswerToAWholeUpload() async throws {
            let server = try FaultServer(status: "401 Unauthorized", body: "{}")
            let answer = try await Command.run(
                "curl", ["-s", "-i", "-F", "file=@/proc/self/exe", "http://127.0.0.1:\(server.port)/v1/x"])
            #expect(answer.end == .exited(0))
            #expect(answer.output.contains("401 Unauthorized"))
            #expect(server.heads.count == 1)
            #expect(server.heads.first?.hasPrefix("POST /v1/x") == true)
        }

        @Test func anEndOfTheDaemonIsReportedWithItsLog() async throws {
            let error = await #expect(throws: DaemonTestFailure.self) {
                try await withDaemon(["local.worker": "/nonexistent/kotib-worker"]) { _ in }
            }
            let text = try #require(error).description
            #expect(text.contains("kotibd ended by itself"))
            #expect(text.contains("/nonexistent/kotib-worker"))
        }

        @Test func aWaitInVainIsReportedWithTheLog() async throws {
            let error = await #expect(throws: DaemonTestFailure.self) {
                try await withDaemon { daemon in
                    try await daemon.awaitEvent("no such event", within: .milliseconds(50))
                }
            }
            let text = try #require(error).description
            #expect(text.contains("in vain until kotibd logs “no such event”"))
            #expect(text.contains("ready"))
        }
    }
}
