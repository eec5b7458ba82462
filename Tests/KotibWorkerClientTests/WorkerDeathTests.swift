import Foundation
import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWorkerProtocol
import Logging
import Testing

@testable import KotibWorkerClient

struct WorkerDeathTests {
    @Test func aCrashIsToldWithSignalAndLastWords() async throws {
        try await withPool { pool async throws in
            let died = WorkerError.died(.signal(SIGSEGV), lastLine: "about to crash")
            #expect(await failure { try await pool.inspect("crash") } == died)
            #expect(died.mayBlameRequest)
            #expect("\(died)".contains("Segmentation fault"))
        }
    }

    @Test func anExitIsToldWithItsStatus() async throws {
        try await withPool { pool async throws in
            #expect(await failure { try await pool.inspect("exit") } == .died(.status(9), lastLine: nil))
            #expect(
                await failure { try await pool.transcribe("exit-midway") } == .died(.status(1), lastLine: nil)
            )
        }
    }

    @Test func tooMuchMemoryIsADeath() async throws {
        try await withPool { pool async throws in
            #expect(
                await failure { try await pool.inspect("memory") }
                    == .died(.signal(SIGABRT), lastLine: "out of memory"))
        }
    }

    @Test func aHundredDeathsInARowCostNothingElse() async throws {
        try await withPool { pool async throws in
            for _ in 0..<100 {
                #expect(
                    await failure { try await pool.inspect("crash") }
                        == .died(.signal(SIGSEGV), lastLine: "about to crash"))
            }
            #expect(try await pool.inspect("ok") == "ok")
        }
    }

    @Test func aSilentWorkerIsKilledAfterTheStallLimit() async throws {
        let limits = WorkerLimits(start: .seconds(20), stall: .milliseconds(100))
        try await withPool(StandIn.program(limits: limits)) { pool async throws in
            for deed in ["hang", "hang-deaf"] {
                #expect(await failure { try await pool.inspect(deed) } == .stalled(after: .milliseconds(100)))
            }
            #expect(try await pool.inspect("ok") == "ok")
        }
    }

    @Test func signsOfLifeHoldTheStallOff() async throws {
        // Ten signs at 40 ms take longer than the limit together.
        let limits = WorkerLimits(start: .seconds(20), stall: .milliseconds(350))
        try await withPool(StandIn.program(limits: limits)) { pool async throws in
            #expect(try await pool.inspect("trickle") == "trickled")
        }
    }

    @Test func theDeadlineEndsEvenALivelyRequest() async throws {
        try await withPool(StandIn.program(limits: .patient)) {
            pool async throws in
            #expect(
                await failure { try await pool.inspect("trickle-on", deadline: .milliseconds(100)) }
                    == .overdue(after: .milliseconds(100)))
        }
    }

    @Test func aWorkerDeafToCancelIsKilledAfterTheGrace() async throws {
        var limits = WorkerLimits.patient
        limits.cancel = .milliseconds(100)
        try await withPool(StandIn.program(limits: limits)) { pool async throws in
            let process = try await pool.inspect("pid")
            let request = Task { try await pool.inspect("hang-deaf") }
            try await eventually { pool.isBusy }
            request.cancel()
            #expect(await failure { try await request.value } == .cancelled)
            try await eventually { try await pool.inspect("pid") != process }
            #expect(!exists(process))
        }
    }

    @Test(arguments: ["rubbish", "oversize", "wrong-request"])
    func invalidReplyEndsTheWorker(deed: String) async throws {
        try await withPool { pool async throws in
            let process = try await pool.inspect("pid")
            let error = await failure { try await pool.inspect(deed) }
            guard case .protocolViolation = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try await pool.inspect("pid") != process)
            #expect(!exists(process))
        }
    }

    @Test func aWorkerThatOnlyHangsUpIsEndedToo() async throws {
        var limits = WorkerLimits.patient
        limits.exit = .milliseconds(20)
        try await withPool(StandIn.program(limits: limits)) { pool async throws in
            let process = try await pool.inspect("pid")
            #expect(
                await failure { try await pool.inspect("hang-up") } == .died(.signal(SIGTERM), lastLine: nil))
            #expect(!exists(process))
        }
    }

    @Test func aWorkerKilledWhileIdleIsReplacedAndBlamesNobody() async throws {
        try await withPool { pool async throws in
            for _ in 0..<20 {
                let process = try await pool.inspect("pid")
                kill(pid_t(process)!, SIGKILL)
                try await eventually { !exists(process) }
                #expect(try await pool.inspect("ok") == "ok")
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func anEndedPoolLeavesNoProcessAndRefuses() async throws {
        var limits = WorkerLimits.patient
        limits.exit = .milliseconds(50)
        let left = Shared<(WorkerPool, String, Task<String, any Error>)?>(nil)
        try await withPool(StandIn.program(limits: limits)) { pool async throws in
            let process = try await pool.inspect("pid")
            let request = Task { try await pool.inspect("hang-deaf") }
            try await eventually { pool.isBusy }
            left.change { $0 = (pool, process, request) }
        }
        let (pool, process, request) = try #require(left.value)
        #expect(!exists(process))
        #expect(await failure { try await request.value } == .stopped)
        #expect(await failure { try await pool.inspect("ok") } == .stopped)
    }
}
