import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibWorkerClient

struct InspectorTests {
    @Test func givesTheFacts() async throws {
        try await withPool { pool async throws in
            guard case .facts(let facts) = try await inspect(pool, "wav") else {
                Issue.record("no facts")
                return
            }
            #expect(facts.mediaType == "audio/x-wav" && facts.sampleRate == 16_000)
        }
    }

    @Test func passesOnARefusal() async throws {
        try await withPool { pool async throws in
            #expect(try await inspect(pool, "refuse") == .refused(.incomplete))
        }
    }

    @Test func aLengthBeyondTheLimitIsNotTakenOnTheWorkersWord() async throws {
        try await withPool { pool async throws in
            #expect(
                try await inspect(pool, "wav", longest: 0.9) == .refused(.tooLong(duration: 1, limit: 0.9)))
        }
    }

    @Test func aWorkerThatDiesOnceDoesNotBlameTheFile() async throws {
        try await withPool { pool async throws in
            let file = temporaryFile()
            guard case .facts(let facts) = try await inspect(pool, "crash-once", file) else {
                Issue.record("no facts")
                return
            }
            #expect(facts.detail == "second try")
        }
    }

    @Test(arguments: ["crash", "exit", "rubbish", "memory", "wrong-kind"])
    func aFileThatTakesDownTwoWorkersIsDamaged(deed: String) async throws {
        try await withPool { pool async throws in
            guard case .refused(.damaged(let detail)) = try await inspect(pool, deed) else {
                Issue.record("not refused")
                return
            }
            #expect(detail.hasPrefix("the inspecting worker "))
            // The next file is inspected as usual.
            guard case .facts = try await inspect(pool, "wav") else {
                Issue.record("no facts")
                return
            }
        }
    }

    @Test func theDeadlineCounts() async throws {
        try await withPool { pool async throws in
            let result = try await inspect(pool, "hang", deadline: .milliseconds(50))
            #expect(
                result
                    == .refused(
                        .damaged(detail: "the inspecting worker was not done after 0.05 s and was stopped")))
        }
    }

    @Test func aMissingWorkerIsAnErrorToRetryAndNoRefusal() async throws {
        try await withPool(WorkerProgram(executable: "/nowhere/kotib-worker", arguments: [])) {
            pool async throws in
            do {
                _ = try await inspect(pool, "wav")
                Issue.record("no error")
            } catch let error as InspectionError {
                #expect(error.message.contains("/nowhere/kotib-worker"))
                #expect(error.retryAfter != nil)
            }
        }
    }

    private func inspect(
        _ pool: WorkerPool, _ deed: String, _ file: OpenFile = temporaryFile(),
        deadline: Duration = .seconds(20), longest: Double = 3600
    ) async throws -> InspectionResult {
        let limits = WorkerInspector.Limits(longestDuration: longest, deadline: deadline)
        return try await WorkerInspector(pool: pool, limits: limits)
            .inspect(file, of: "ali", fileExtension: deed, size: 100, takesIncomplete: false)
    }
}
