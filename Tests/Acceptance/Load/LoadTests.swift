import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    @Suite(.timeLimit(.minutes(15))) struct Load {
        @Test
        func twoHundredFilesOfThreeUsersAreServedInTurns() async throws {
            // One at a time, so that the order in which they end is the order in which they were chosen; with
            // one thread, as two that wait for each other take many times as long where a core is busy
            // elsewhere.
            try await withDaemon(["queue.jobs": 1, "local.workers": 1, "local.threads": 1]) { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/speech.wav")
                let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/speech.wav"))
                let users = [("alisher", 150), ("malika", 25), ("rustam", 25)]
                for (user, count) in users {
                    for number in 0..<count {
                        let content = SampleAudio.variant(number + 1000 * count, of: speech)
                        try daemon.write(content, as: "\(user)/talk\(number).wav")
                    }
                }

                try await daemon.wait(until: "all 200 are completed", within: .seconds(780)) {
                    daemon.events(DaemonMessage.transcribed).count >= 200
                }
                for (user, count) in users {
                    // The log tells of words when the catalog has them; the file comes a moment later.
                    let names = try await daemon.eventually("\(user) has \(count) texts") {
                        let names = try daemon.names(in: user)
                        return names.count { $0.hasSuffix(".wav.txt") } == count ? names : nil
                    }
                    #expect(names.count == 2 * count, "nothing else lies there; \(daemon.story)")
                }
                let rows = try await daemon.recordings()
                #expect(
                    rows.count == 200 && rows.allSatisfy { $0.transcriptionStatus == "completed" }, daemon.log
                )
                expectFairTurns(daemon)
                #expect(try daemon.peakMemory() < 128 << 20, "bytes")
            }
        }

        /// While all three wait, nobody gets two turns ahead.
        private func expectFairTurns(_ daemon: DaemonFixture) {
            let turns = Turns(events: daemon.allEvents, users: ["alisher", "malika", "rustam"])
            #expect(
                turns.count >= 30, "too few turns were taken while all waited to judge by; \(daemon.story)")
            #expect(turns.widestLead <= 1, "\(turns.order)\n\(daemon.story)")
        }
    }
}
