import Glibc
import KotibTestSupport
import Testing

@testable import KotibWorkerClient

struct WorkerLeakTests {
    /// Runs in a process of its own, so that descriptors of other tests are not counted.
    @Test func aHundredRoundsLeaveNoDescriptorAndNoProcess() async {
        await #expect(processExitsWith: .success) {
            // Descriptors that the first rounds open once, such as the queues' epoll, are no leak.
            var processes = try await WorkerLeakTests.rounds(0..<10)
            let before = WorkerLeakTests.descriptors()
            processes += try await WorkerLeakTests.rounds(10..<110)
            try #require(processes.count == 88)
            #expect(processes.allSatisfy { !exists($0) })
            // One round in ten that leaked would leave as many at least. A queue closes its own a moment
            // later.
            try await eventually(within: .seconds(20)) {
                WorkerLeakTests.descriptors().count < before.count + 10
            }
        }
    }

    /// - Returns: the numbers of the processes that had started.
    private static func rounds(_ rounds: Range<Int>) async throws -> [String] {
        var processes: [String] = []
        for round in rounds {
            let name = Shared("")
            var program = StandIn.program(round % 10 == 0 ? ["exit-at-start"] : [])
            if round % 10 == 1 { program.executable = "/nowhere/kotib-worker" }
            try await withPool(program) { pool async throws in
                _ = await failure { try await pool.inspect("exit") }
                if let pid = try? await pool.inspect("pid") { name.change { $0 = pid } }
            }
            if !name.value.isEmpty { processes.append(name.value) }
        }
        return processes
    }

    private static func descriptors() -> [Int32] {
        (0..<4096).filter { fcntl($0, F_GETFD) != -1 }
    }
}
