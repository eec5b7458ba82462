import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Nothing is left behind, leaked, or written to places where it does not belong.
    @Suite(.timeLimit(.minutes(5))) struct Hygiene {
        @Test func noWorkerOutlivesAStop() async throws {
            try await withDaemon { daemon in
                let workers = try await workersAtWork(daemon)
                try await daemon.terminate()
                try await daemon.wait(until: "the workers are gone") { workers.allSatisfy { !$0.isAlive } }
            }
        }

        @Test func noWorkerOutlivesACrash() async throws {
            try await withDaemon { daemon in
                let workers = try await workersAtWork(daemon)
                try await daemon.kill()
                try await daemon.wait(until: "the workers are gone") { workers.allSatisfy { !$0.isAlive } }
            }
        }

        @Test func noTemporaryFileIsLeft() async throws {
            try await withDaemon { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                let speech = try Data(contentsOf: URL(filePath: daemon.scratch + "/talk.wav"))
                for number in 0..<5 {
                    try daemon.write(SampleAudio.variant(number, of: speech), as: "alisher/talk\(number).wav")
                    try daemon.write(Data("no audio\n".utf8), as: "alisher/text\(number).mp3")
                }
                for number in 0..<5 {
                    try await daemon.awaitText(of: "alisher/talk\(number).wav.txt")
                    try await daemon.awaitText(of: "alisher/text\(number).mp3.rejected.txt")
                }
                try await daemon.terminate()
                let files = try FileManager.default.subpathsOfDirectory(atPath: daemon.inbox)
                #expect(files.count == 1 + 20, daemon.log)
                #expect(!files.contains { $0.contains(".kotib-") }, daemon.log)
                let state = try FileManager.default.contentsOfDirectory(atPath: daemon.stateFolder)
                #expect(!state.contains { $0.contains("tmp") || $0.contains(".kotib-") }, "\(state)")
            }
        }

        @Test func workersSeeNoSecret() async throws {
            let secrets = [
                "OPENAI_API_KEY": "sk-secret-8842", "SECRET_KEY": "a-long-enough-key-jwt-secret-8842-1f7c",
                "TWILIO_AUTH_TOKEN": "sms-secret-8842", "SOMETHING_ELSE": "other-secret-8842",
            ]
            try await withDaemon(environment: secrets) { daemon in
                for worker in try await workersAtWork(daemon) {
                    #expect(!worker.environment.contains("secret-8842"), "\(worker.environment)")
                    #expect(!worker.arguments.joined().contains("secret-8842"), "\(worker.arguments)")
                }
                #expect(!daemon.logLines.contains { $0.contains("secret-8842") }, daemon.log)
            }
        }

        @Test func silenceHasNoWords() async throws {
            try await withDaemon { daemon in
                try await SampleAudio.silence(seconds: 60, to: daemon.scratch + "/silence.wav")
                try daemon.drop(daemon.scratch + "/silence.wav", as: "alisher/silence.wav")
                let text = try await daemon.awaitText(of: "alisher/silence.wav.txt")
                #expect(text == "\n", daemon.log)
                let row = try await daemon.awaitRow(of: "alisher/silence.wav", "completed")
                #expect(row.transcriptText == "")
                #expect(abs(try #require(row.duration) - 60) < 0.1)
                let event = try await daemon.awaitEvent(DaemonMessage.transcribed)
                #expect(event["speech"].flatMap(Double.init) == 0, daemon.log)
                #expect(event["words"].flatMap(Int.init) == 0, daemon.log)
            }
        }

        /// All workers while one of them transcribes.
        private func workersAtWork(_ daemon: DaemonFixture) async throws -> [WorkerProcess] {
            try daemon.drop(daemon.installation.sample("two_cities"), as: "alisher/talk.wav")
            try await daemon.awaitRow(of: "alisher/talk.wav", "processing")
            return try await daemon.eventually("there is a kotib-worker transcribe") {
                try daemon.transcribingWorkers().isEmpty ? nil : try daemon.workerProcesses()
            }
        }
    }
}
