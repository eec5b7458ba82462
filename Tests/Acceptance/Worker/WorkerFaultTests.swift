import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// A crash of a worker costs its recording an attempt, and no other recording anything.
    @Suite(.timeLimit(.minutes(5))) struct WorkerFaults {
        @Test func aKilledWorkerIsReplaced() async throws {
            try await withDaemon { daemon in
                let worker = try await busyWorker(daemon)
                worker.kill()
                try await expectASecondAttempt(daemon)
                #expect(!worker.isAlive)
            }
        }

        @Test func aWorkerThatHangsIsReplaced() async throws {
            // Longer than a healthy worker takes for a window of 30 s on a busy machine.
            try await withDaemon(["local.stall": 10]) { daemon in
                let worker = try await busyWorker(daemon)
                worker.kill(SIGSTOP)
                try await expectASecondAttempt(daemon)
                try await daemon.wait(until: "the stopped worker is gone") { !worker.isAlive }
            }
        }

        @Test func aWorkerKilledWhileIdleIsReplacedAtNoCost() async throws {
            try await withDaemon { daemon in
                try await SampleAudio.speak(to: daemon.scratch + "/talk.wav")
                try daemon.drop(daemon.scratch + "/talk.wav", as: "alisher/first.wav")
                try await daemon.awaitText(of: "alisher/first.wav.txt")
                let workers = try daemon.workerProcesses()
                for worker in workers { worker.kill() }
                try await daemon.wait(until: "the workers are gone") { workers.allSatisfy { !$0.isAlive } }
                try daemon.drop(daemon.scratch + "/talk.wav", as: "alisher/second.wav")
                try await daemon.awaitText(of: "alisher/second.wav.txt")
                #expect(daemon.events(DaemonMessage.refused).isEmpty, daemon.log)
            }
        }

        /// The engine was away for a moment, of which the log tells both ends or neither.
        @Test func aWorkerKilledAtFirstSightIsReplaced() async throws {
            try await withDaemon { daemon in
                let worker = try await firstWorker(daemon)
                worker.kill()
                try await daemon.awaitText(of: "alisher/talk.wav.txt", within: .seconds(120))
                try await daemon.awaitRow(of: "alisher/talk.wav", "completed")
                try await daemon.terminate()
                let paused = daemon.events(DaemonMessage.paused).count
                #expect(daemon.events(DaemonMessage.resumed).count == paused, daemon.log)
            }
        }

        /// The worker that is to transcribe `alisher/talk.wav`; it may still be loading its model.
        private func firstWorker(_ daemon: DaemonFixture) async throws -> WorkerProcess {
            try daemon.drop(daemon.installation.sample("two_cities"), as: "alisher/talk.wav")
            try await daemon.awaitRow(of: "alisher/talk.wav", "processing")
            return try await daemon.eventually("there is a kotib-worker transcribe") {
                try daemon.transcribingWorkers().first
            }
        }

        /// A worker in the middle of a transcription.
        private func busyWorker(_ daemon: DaemonFixture) async throws -> WorkerProcess {
            let worker = try await firstWorker(daemon)
            // The one that inspects names no model.
            try await daemon.wait(until: "the model is loaded") {
                daemon.events("worker ready").contains { $0["model"]?.hasPrefix("base") == true }
            }
            // The recording takes about 4 s.
            let loaded = worker.processorTime
            try await daemon.wait(until: "the worker is at work") { worker.processorTime > loaded + 0.5 }
            return worker
        }

        private func expectASecondAttempt(_ daemon: DaemonFixture) async throws {
            let retry = try await daemon.awaitEvent(DaemonMessage.retry, within: .seconds(90))
            #expect(retry["cause"]?.isEmpty == false, daemon.log)
            let text = try await daemon.awaitText(of: "alisher/talk.wav.txt", within: .seconds(120))
            #expect(WordErrorRate.of(text, against: Said.twoCities) <= 0.1, "\(text)\n\(daemon.story)")
            let row = try await daemon.awaitRow(of: "alisher/talk.wav", "completed")
            #expect(row.attempts == 2, daemon.log)
            #expect(try await daemon.recordings().count == 1)
        }
    }
}
