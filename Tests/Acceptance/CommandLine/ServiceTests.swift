import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// The daemon as an init system sees it.
    @Suite(.timeLimit(.minutes(5))) struct Service {
        @Test func itTellsSystemdWhenItIsReadyWhatItDoesAndWhenItStops() async throws {
            try await withDaemon { daemon in
                _ = try await daemon.awaitNotification("STATUS=")
                let end = try await daemon.terminate()
                #expect(end.status == .exited(0), daemon.log)
                _ = try await daemon.awaitNotification("STOPPING=1")
                #expect(daemon.count(ofNotification: "READY=1") == 1)
                #expect(daemon.events(DaemonMessage.stopped).count == 1, daemon.log)
            }
        }

        @Test func itFeedsTheWatchdog() async throws {
            try await withDaemon(environment: ["WATCHDOG_USEC": "600000"]) { daemon in
                try await daemon.wait(until: "the watchdog was fed six times") {
                    daemon.count(ofNotification: "WATCHDOG=1") >= 6
                }
            }
        }

        @Test func aSecondDaemonOnTheSameStateIsRefused() async throws {
            try await withDaemon { daemon in
                let second = try await Command.run(
                    daemon.installation.program("kotibd"), ["--config", daemon.configurationFile],
                    environment: [:])
                #expect(second.end == .exited(75), "\(second.errors)")
                #expect(second.errors.contains(daemon.stateFolder), "\(second.errors)")
                // The first daemon still works.
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                try daemon.drop(daemon.scratch + "/talk.wav", as: "alisher/talk.wav")
                try await daemon.awaitText(of: "alisher/talk.wav.txt")
            }
        }

        @Test func theLockGoesWithTheDaemonHoweverItEnds() async throws {
            try await withDaemon { daemon in
                try await daemon.restart()
                try await daemon.terminate()
                try await daemon.start()
            }
        }

        @Test func everyLineOfTheLogIsOneObject() async throws {
            try await withDaemon { daemon in
                try daemon.write(Data("no audio\n".utf8), as: "alisher/\u{1B}[31mred\nline.mp3")
                let event = try await daemon.awaitEvent(DaemonMessage.refused)
                #expect(event["file"] == #"alisher/\x1b[31mred\x0aline.mp3"#, daemon.log)
                try await daemon.terminate()
                #expect(daemon.allEvents.count == daemon.logLines.count, daemon.log)
                #expect(daemon.allEvents.allSatisfy { $0["time"] != nil && $0["level"] != nil }, daemon.log)
            }
        }
    }
}
