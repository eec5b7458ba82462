import Foundation
import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWorkerProtocol
import Logging
import Testing

@testable import KotibWorkerClient

struct WorkerStartTests {
    @Test func aMissingProgramIsNamed() async throws {
        try await withPool(WorkerProgram(executable: "/nowhere/kotib-worker", arguments: [])) {
            pool async throws in
            let reason = try await startFailure(pool)
            #expect(reason.contains("/nowhere/kotib-worker"))
        }
    }

    @Test func anEndBeforeReadyIsToldWithLastWords() async throws {
        try await withPool(StandIn.program("exit-at-start")) { pool async throws in
            let reason = try await startFailure(pool)
            #expect(reason.contains("status 3") && reason.contains("cannot open the model"))
        }
    }

    @Test(arguments: ["exit-when-ready", "deaf"])
    func anEndWithoutWorkIsAFailureToStart(start: String) async throws {
        try await withPool(StandIn.program(start)) { pool async throws in
            // The request may reach the worker before its end, but not every time.
            try await eventually {
                if case .couldNotStart = await failure({ try await pool.inspect("ok") }) {
                    true
                } else {
                    false
                }
            }
        }
    }

    @Test func aWorkerThatIsNeverReadyIsKilled() async throws {
        let limits = WorkerLimits(start: .milliseconds(100))
        try await withPool(StandIn.program("no-ready", limits: limits)) { pool async throws in
            let reason = try await startFailure(pool)
            #expect(reason.contains("said nothing for 0.1 s"))
        }
    }

    @Test func rubbishInsteadOfReadyIsTold() async throws {
        try await withPool(StandIn.program("rubbish-at-start")) { pool async throws in
            let reason = try await startFailure(pool)
            #expect(reason.contains("protocol"))
        }
    }

    @Test func aBrokenInstallationDoesNotSpin() async throws {
        let (logger, lines) = recordingLogger()
        try await withPool(StandIn.program("exit-at-start"), logger: logger) { pool async throws in
            try await eventually { lines.all.count { $0.contains("worker ended") } >= 2 }
        }
        let delays = lines.all.filter { $0.contains("worker ended") }
        #expect(delays[0].contains("restart_after=0.25 seconds"))
        #expect(delays[1].contains("restart_after=0.5 seconds"))
    }

    @Test func secretsOfTheDaemonStayThere() async throws {
        setenv("KOTIB_TEST_API_KEY", "do-not-tell", 1)
        try await withPool { pool async throws in
            let process = try await pool.inspect("pid")
            let environment = try #require(FileManager.default.contents(atPath: "/proc/\(process)/environ"))
            #expect(
                environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.sorted() == [
                    "LANG=C.UTF-8", "PATH=/usr/bin:/bin",
                ])
        }
    }

    @Test func theWorkerInheritsNoDescriptor() async throws {
        let open = (0..<10).map { _ in OpenFile(owning: Glibc.open("/dev/null", O_RDONLY)) }
        try await withPool { pool async throws in
            // Standard input, output and error, and the file of the request.
            #expect(try await pool.inspect("descriptors") == "0,1,2,3")
        }
        withExtendedLifetime(open) {}
    }

    @Test func theWorkersLogIsPassedOnWithinBounds() async throws {
        let (logger, lines) = recordingLogger()
        try await withPool(logger: logger) { pool async throws in
            #expect(try await pool.inspect("shout") == "shouted")
            try await eventually { lines.all.contains { $0.contains("dropped") } }
        }
        let said = lines.all.filter { $0.contains("worker output") && $0.contains("line=") }
        #expect(said.count == 1000)
        #expect(said.allSatisfy { $0.count < 600 })
        #expect(said.first?.contains("line 0 !!!") == true)
    }

    /// The caller's error; fails the test where it is anything but a failure to start.
    private func startFailure(_ pool: WorkerPool) async throws -> String {
        let error = await failure { try await pool.inspect("ok") }
        guard case .couldNotStart(let reason, let retryAfter) = try #require(error) else {
            Issue.record("\(String(describing: error))")
            return ""
        }
        #expect(retryAfter > .zero)
        return reason
    }
}
