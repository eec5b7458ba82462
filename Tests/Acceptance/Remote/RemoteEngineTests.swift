import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    @Suite(.timeLimit(.minutes(5))) struct RemoteEngine {
        @Test func aRemoteServiceMakesTheWords() async throws {
            let port = try Loopback.freePort()
            try await withDaemon(remote(port), starting: false) { daemon in
                try await withWhisperServer(daemon, port: port) {
                    try await daemon.start()
                    try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                    let text = try await daemon.awaitText(of: "alisher/jfk.wav.txt")
                    #expect(WordErrorRate.of(text, against: Said.jfk) <= 0.1, "\(text)\n\(daemon.story)")
                    let event = try await daemon.awaitEvent(DaemonMessage.transcribed)
                    #expect(event["engine"] == "openai")
                }
            }
        }

        @Test func anOutageHoldsTheQueueUpUntilItEnds() async throws {
            let port = try Loopback.freePort()
            try await withDaemon(remote(port)) { daemon in
                let paths = ["alisher/a.wav", "malika/b.wav"]
                for path in paths { try daemon.drop(daemon.installation.sample("jfk"), as: path) }
                let pause = try await daemon.awaitEvent(DaemonMessage.paused)
                #expect(pause["cause"]?.isEmpty == false, daemon.log)
                for path in paths { try await daemon.awaitRow(of: path, "pending") }

                try await withWhisperServer(daemon, port: port) {
                    for path in paths {
                        let text = try await daemon.awaitText(of: path + ".txt", within: .seconds(150))
                        #expect(WordErrorRate.of(text, against: Said.jfk) <= 0.1, "\(text)\n\(daemon.story)")
                    }
                    try await daemon.awaitEvent(DaemonMessage.resumed)
                }
                #expect(daemon.events(DaemonMessage.paused).count == 1, daemon.log)
                #expect(daemon.events(DaemonMessage.resumed).count == 1, daemon.log)
                #expect(try daemon.names(in: "alisher") == ["a.wav", "a.wav.txt"])
            }
        }

        @Test func aRefusedKeyPausesTheQueueAndFailsNoFile() async throws {
            let server = try FaultServer(
                status: "401 Unauthorized",
                body: #"{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}"#)
            try await withDaemon(remote(server.port), environment: ["OPENAI_API_KEY": "sk-wrong-7193"]) {
                daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/talk.wav"))
                let paths = (0..<5).map { "alisher/talk\($0).wav" }
                try daemon.write(speech, as: paths[0])
                let pause = try await daemon.awaitEvent(DaemonMessage.paused)
                #expect(pause["cause"]?.lowercased().contains("key") == true, daemon.log)
                for (number, path) in paths.enumerated().dropFirst() {
                    try daemon.write(SampleAudio.variant(number, of: speech), as: path)
                }
                for path in paths { try await daemon.awaitRow(of: path, "pending") }

                #expect(server.heads.allSatisfy { $0.contains("Bearer sk-wrong-7193") })
                #expect(
                    server.heads.count <= 2, "a paused queue asks the service: \(server.heads.count) times")
                #expect(daemon.events(DaemonMessage.failed).isEmpty, daemon.log)
                #expect(try daemon.names(in: "alisher").allSatisfy { !$0.hasSuffix(".txt") }, daemon.log)
                #expect(!daemon.logLines.contains { $0.contains("sk-wrong-7193") }, "the key is in the log")
            }
        }

        @Test func aRecordingThatTheServiceRefusesFailsAlone() async throws {
            let server = try FaultServer(
                status: "400 Bad Request",
                body: #"{"error":{"message":"The audio file could not be decoded.","code":null}}"#)
            try await withDaemon(remote(server.port)) { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                try daemon.drop(daemon.scratch + "/talk.wav", as: "alisher/talk.wav")
                let note = try await daemon.awaitText(of: "alisher/talk.wav.failed.txt")
                #expect(note.contains("“talk.wav”") && note.contains("could not be decoded"), "\(note)")
                #expect(note.hasSuffix(".\n") && note.count { $0 == "\n" } == 1, "\(note)")
                try await daemon.awaitRow(of: "alisher/talk.wav", "failed")
                let event = try await daemon.awaitEvent(DaemonMessage.failed)
                #expect(event["cause"]?.isEmpty == false, daemon.log)
                #expect(daemon.events(DaemonMessage.paused).isEmpty, daemon.log)
                #expect(server.heads.count == 1, "what is refused for good is not sent again")
            }
        }

        private func remote(_ port: UInt16) -> DaemonSettings {
            ["queue.engine": "openai", "openai.base_url": "http://127.0.0.1:\(port)/v1"]
        }
    }
}
