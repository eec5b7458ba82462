import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Recordings that a remote service does not accept, or not in one request, are re-encoded and reach it.
    @Suite(.timeLimit(.minutes(5))) struct RemoteEncoding {
        @Test func aTelephonesAndATooLargeRecordingGetTheirWords() async throws {
            let port = try Loopback.freePort()
            try await withDaemon(remote(port), starting: false) { daemon in
                try await withWhisperServer(daemon, port: port, converts: true) {
                    try await daemon.start()
                    let speech = try daemon.installation.sample("jfk")
                    let telephone = daemon.scratch + "/talk.amr"
                    // Encodes at 10.2 kbit/s, with the same dither each time.
                    try await Command.succeed(
                        "sox", ["-R", speech, "-r", "8000", "-c", "1", "-C", "6", "-t", "amr-nb", telephone])
                    try daemon.drop(telephone, as: "alisher/talk.amr")
                    // 352,078 bytes.
                    try daemon.drop(speech, as: "malika/talk.wav")
                    for (path, ending, cause) in [
                        ("alisher/talk.amr", "amr", "kind"), ("malika/talk.wav", "wav", "size"),
                    ] {
                        let text = try await daemon.awaitText(of: path + ".txt")
                        #expect(WordErrorRate.of(text, against: Said.jfk) <= 0.1, "\(text)\n\(daemon.story)")
                        let event = try await daemon.awaitEvent("re-encoded", where: ["from": ending])
                        #expect(event["to"] == "opus" && event["because_of"] == cause, daemon.log)
                        let size = try #require(event["sent_size"].flatMap { Int($0) })
                        #expect((20_000..<40_000).contains(size), daemon.log)
                        let duration = try #require(event["sent_duration"].flatMap(Double.init))
                        #expect(abs(duration - 11) < 0.05, daemon.log)
                    }
                    let done = try await daemon.awaitEvent(DaemonMessage.transcribed)
                    #expect(done["engine"] == "openai")
                    // Two workers inspect new files, a third re-encodes.
                    #expect(try daemon.workerProcesses().count == 3)
                }
            }
        }

        @Test func tooLargeAtEveryBitRateFailsWithASentence() async throws {
            let server = try FaultServer(status: "200 OK", body: #"{"text":"words"}"#)
            let settings = remote(server.port).merging([
                "openai.encode": "flac", "openai.max_request": 50_000,
            ])
            try await withDaemon(settings) { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/talk.wav")
                let note = try await daemon.awaitText(of: "alisher/talk.wav.failed.txt")
                #expect(note.contains("lasts 11 s") && note.contains("as FLAC"), "\(note)")
                try await daemon.awaitRow(of: "alisher/talk.wav", "failed")
                #expect(server.heads.isEmpty, "it was sent")
            }
        }

        private func remote(_ port: UInt16) -> DaemonSettings {
            [
                "queue.engine": "openai", "openai.base_url": "http://127.0.0.1:\(port)/v1",
                "openai.max_request": 300_000, "intake.extensions": [".wav", ".amr"],
            ]
        }
    }
}
