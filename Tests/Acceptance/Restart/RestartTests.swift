import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Whenever the daemon ends, and however: each recording becomes one transcript.
    @Suite(.timeLimit(.minutes(5))) struct Restart {
        @Test func killedInTheMiddleOfATranscriptionItStartsOver() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("two_cities"), as: "alisher/talk.wav")
                try await daemon.awaitRow(of: "alisher/talk.wav", "processing")
                try await daemon.kill()
                #expect(daemon.stamp(of: "alisher/talk.wav.txt") == nil, "it was too late for this test")
                try await daemon.start()
                try await expectItsWordsOnce(daemon)
            }
        }

        @Test func stoppedInTheMiddleItHandsTheRecordingBack() async throws {
            try await withDaemon(["queue.stop_grace": 0.2]) { daemon in
                try daemon.drop(daemon.installation.sample("two_cities"), as: "alisher/talk.wav")
                try await daemon.awaitRow(of: "alisher/talk.wav", "processing")
                let end = try await daemon.terminate()
                #expect(end.status == .exited(0), daemon.log)
                // If it had waited for longer than its grace period, the words would be there: see the next
                // test.
                #expect(daemon.stamp(of: "alisher/talk.wav.txt") == nil, "\(daemon.story)")
                let row = try #require(try await daemon.recordings(of: "alisher/talk.wav").last)
                #expect(row.transcriptionStatus == "pending", daemon.log)
                try await daemon.start()
                try await expectItsWordsOnce(daemon)
            }
        }

        @Test func stoppedWithTimeToSpareItFinishesWhatRuns() async throws {
            try await withDaemon(["queue.stop_grace": 100]) { daemon in
                try daemon.drop(daemon.installation.sample("two_cities"), as: "alisher/talk.wav")
                try await daemon.awaitRow(of: "alisher/talk.wav", "processing")
                let end = try await daemon.terminate(within: .seconds(110))
                #expect(end.status == .exited(0), daemon.log)
                let row = try #require(try await daemon.recordings(of: "alisher/talk.wav").last)
                #expect(row.transcriptionStatus == "completed", daemon.log)
                #expect(daemon.text(of: "alisher/talk.wav.txt") == row.transcriptText.map { $0 + "\n" })
            }
        }

        /// The crashes come at seeded moments, so that a failure can be repeated.
        @Test func killedTwentyTimesItLosesAndDoublesNothing() async throws {
            var random = SeededGenerator(seed: 20_261_123)
            try await withDaemon(starting: false) { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/speech.wav")
                let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/speech.wav"))
                let paths = (0..<6).map { "user\($0 % 3)/talk\($0).wav" }
                for crash in 0..<20 {
                    try await daemon.start(untilReady: false)
                    if crash % 3 == 0, crash / 3 < paths.count {
                        try daemon.write(SampleAudio.variant(crash, of: speech), as: paths[crash / 3])
                    }
                    try await daemon.elapse(.milliseconds(Int.random(in: 20...1200, using: &random)))
                    try await daemon.kill()
                }
                try await daemon.start()
                for path in paths {
                    try await daemon.awaitRow(of: path, "completed")
                    try await daemon.awaitText(of: path + ".txt")
                    #expect(try await daemon.recordings(of: path).count == 1, "\(path)\n\(daemon.story)")
                }
                let files = try FileManager.default.subpathsOfDirectory(atPath: daemon.inbox)
                #expect(
                    Set(files) == Set(["user0", "user1", "user2"] + paths + paths.map { $0 + ".txt" }),
                    daemon.log)
            }
        }

        private func expectItsWordsOnce(_ daemon: DaemonFixture) async throws {
            let text = try await daemon.awaitText(of: "alisher/talk.wav.txt", within: .seconds(120))
            #expect(WordErrorRate.of(text, against: Said.twoCities) <= 0.1, "\(text)\n\(daemon.story)")
            try await daemon.awaitRow(of: "alisher/talk.wav", "completed")
            #expect(try await daemon.recordings().count == 1, daemon.log)
            #expect(daemon.events(DaemonMessage.transcribed).count == 1, daemon.log)
            #expect(try daemon.names(in: "alisher") == ["talk.wav", "talk.wav.txt"])
        }
    }
}
