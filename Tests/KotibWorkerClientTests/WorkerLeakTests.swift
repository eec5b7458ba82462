import Glibc
import KotibWorkerClient
import Testing

struct WorkerLeakTests {
    @Test func aHundredRoundsLeaveNoDescriptorAndNoProcess() async throws {
        // Other tests open and close descriptors meanwhile, so what counts is what stays whenever one looks.
        let before = descriptors()
        var processes: [String] = []
        for round in 0..<100 {
            let names = Shared("")
            var program = StandIn.program(round % 10 == 0 ? ["exit-at-start"] : [])
            if round % 10 == 1 { program.executable = "/nowhere/kotib-worker" }
            try await withPool(program) { pool async throws in
                _ = await failure { try await pool.inspect("exit") }
                if let name = try? await pool.inspect("pid") { names.change { $0 = name } }
            }
            if !names.value.isEmpty { processes.append(names.value) }
        }
        #expect(processes.count == 80)
        #expect(processes.allSatisfy { !exists($0) })
        // One round in ten that leaked would leave as many at least.
        try await eventually { descriptors() < before + 10 }
    }

    private func descriptors() -> Int {
        (0..<4096).count { fcntl($0, F_GETFD) != -1 }
    }
}
