import Glibc
import KotibModel
import KotibText
import KotibWorkerClient
import Testing

@testable import KotibEngines
@testable import KotibTranscription

struct LocalEngineTests {
    @Test func buildsATranscriptAsAReaderWouldLikeIt() async throws {
        try await withLocalEngine { engine async throws in
            let result = try await engine.transcribe(job("speak")) { _ in }
            let transcript = result.transcript
            #expect(transcript.text == "Hello there. General.\n\nA new paragraph.")
            #expect(transcript.segments.map(\.text) == ["Hello there.", "General.", "A new paragraph."])
            #expect(transcript.segments.map(\.start) == [0, 1.5, 5])
            #expect(transcript.language == "en")
            #expect(transcript.engine == "local" && transcript.model == "stand-in")
            #expect(result.speech == 2.5)
        }
    }

    /// Signs of life do not keep a worker busy for ever:
    /// ``WorkerDeathTests/theDeadlineEndsEvenALivelyRequest()``.
    @Test func aWorkerHasTimeByTheRecordingsLength() {
        #expect(LocalEngine.deadline(of: 0) == .seconds(600))
        #expect(LocalEngine.deadline(of: 3600) == .seconds(600 + 60 * 3600))
        #expect(LocalEngine.deadline(of: .infinity) > .seconds(86_400))
    }

    @Test func reportsInOrder() async throws {
        try await withLocalEngine { engine async throws in
            let reports = StandInReports()
            _ = try await engine.transcribe(job("speak"), report: reports.add)
            #expect(
                reports.all == [
                    .fraction(0.5), .segment(TranscriptSegment(start: 0, end: 1, text: "Hello there.")),
                    .segment(TranscriptSegment(start: 1.5, end: 2, text: "General.")), .fraction(1),
                    .segment(TranscriptSegment(start: 5, end: 6, text: "A new paragraph.")),
                ])
        }
    }

    @Test func silenceIsAnEmptyTranscript() async throws {
        try await withLocalEngine { engine async throws in
            let result = try await engine.transcribe(job("silent")) { _ in }
            #expect(result.transcript.text.isEmpty && result.transcript.segments.isEmpty)
            #expect(result.speech == 0)
        }
    }

    @Test func manySegmentsAllArrive() async throws {
        try await withLocalEngine { engine async throws in
            let result = try await engine.transcribe(job("stream")) { _ in }
            #expect(result.transcript.segments.count == 5_000)
        }
    }

    @Test(arguments: ["crash", "exit-midway", "memory", "hang", "rubbish", "flood", "wrong-kind-of-answer"])
    func workerCrashIsPoison(deed: String) async throws {
        try await withLocalEngine { engine async throws in
            let error = await engineFailure { try await engine.transcribe(job(deed)) { _ in } }
            guard case .poison(let message) = error else {
                Issue.record("\(deed): \(String(describing: error))")
                return
            }
            #expect(message.english.hasSuffix(".") || message.english.contains("last words"))
            // Only the attempt is lost.
            _ = try await engine.transcribe(job("speak")) { _ in }
        }
    }

    @Test func undecodableRecordingIsAPermanentError() async throws {
        try await withLocalEngine { engine async throws in
            let error = await engineFailure { try await engine.transcribe(job("fail")) { _ in } }
            #expect(error == .permanent(message: .notTranscribed("no decoder")))
        }
    }

    @Test func aMissingModelMakesTheEngineUnavailable() async throws {
        try await withLocalEngine(standIn("exit-at-start")) { engine async throws in
            let error = await engineFailure { try await engine.transcribe(job("speak")) { _ in } }
            guard case .unavailable(let message, let retryAfter) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(message.english.contains("cannot open the model"))
            #expect(retryAfter != nil)
        }
    }

    /// A worker that does not respond to the cancellation is killed. Otherwise the job would end as stalled,
    /// as poison.
    @Test(.timeLimit(.minutes(1)), arguments: ["until-cancelled", "hang"])
    func cancellingEndsTheJob(deed: String) async throws {
        try await withLocalEngine { engine async throws in
            let reports = StandInReports()
            let task = Task { try await engine.transcribe(job(deed), report: reports.add) }
            if deed == "until-cancelled" {
                while reports.all.isEmpty { await Task.yield() }
            }
            task.cancel()
            #expect(await engineFailure { try await task.value } == .cancelled)
        }
    }

    private func engineFailure<Result>(_ body: () async throws -> Result) async -> EngineError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? EngineError
        }
    }
}
