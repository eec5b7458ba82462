import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWorkerClient
import KotibWorkerProtocol
import Testing

struct WorkerPoolTests {
    @Test func givesTheAnswerAndWhatTheWorkerSaidOfItself() async throws {
        try await withPool { pool async throws in
            let answer = try await pool.transcribe("silent")
            #expect(answer.worker == WorkerReady(model: "stand-in", sandbox: ["none"]))
            guard case .transcribed(_, let summary) = answer.reply else {
                Issue.record("\(answer.reply)")
                return
            }
            #expect(summary.duration == 6)
        }
    }

    @Test func passesTheFile() async throws {
        try await withPool { pool async throws in
            #expect(try await pool.inspect("content", temporaryFile("some bytes")) == "some bytes")
        }
    }

    @Test func keepsOneProcessForAllRequests() async throws {
        try await withPool { pool async throws in
            let first = try await pool.inspect("pid")
            for _ in 0..<20 { #expect(try await pool.inspect("pid") == first) }
        }
    }

    @Test func reportsEveryReplyInOrder() async throws {
        let starts = Shared<[Double]>([])
        try await withPool { pool async throws in
            _ = try await pool.transcribe("stream") { reply in
                if case .segment(_, let segment) = reply { starts.change { $0.append(segment.start) } }
            }
        }
        #expect(starts.value == (0..<5_000).map(Double.init))
    }

    @Test func servesAsManyAtOnceAsThereAreWorkers() async throws {
        try await withPool(size: 2) { pool async throws in
            // Two jobs that end only when they are cancelled can both have started only on two workers.
            try await withThrowingTaskGroup(of: Void.self) { group in
                let begun = Shared(0)
                for _ in 0..<2 {
                    group.addTask {
                        _ = try? await pool.transcribe("until-cancelled") { _ in begun.change { $0 += 1 } }
                    }
                }
                try await eventually { begun.value == 2 }
                group.cancelAll()
            }
        }
    }

    @Test func usersTakeTurnsAndOneUsersCallersComeInTheirOrder() async throws {
        let order = Shared<[String]>([])
        try await withPool { pool async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let first = Task { try await pool.transcribe("until-cancelled") }
                try await eventually { pool.waiting == 0 && pool.isBusy }
                for (number, name) in ["a1", "a2", "a3", "a4", "b1", "b2", "c1"].enumerated() {
                    group.addTask {
                        // Recorded during the turn: after the reply it is chance which task runs first.
                        _ = try await pool.inspect(
                            "ok", of: UserFolder(stringLiteral: String(name.prefix(1)))
                        ) {
                            order.change { $0.append(name) }
                        }
                    }
                    try await eventually { pool.waiting == number + 1 }
                }
                first.cancel()
                try await group.waitForAll()
            }
        }
        #expect(order.value == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
    }

    @Test func callersAreServedInTheOrderOfTheirComing() async throws {
        let order = Shared<[Int]>([])
        try await withPool { pool async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let first = Task { try await pool.transcribe("until-cancelled") }
                try await eventually { pool.waiting == 0 && pool.isBusy }
                for number in 0..<10 {
                    group.addTask {
                        _ = try await pool.inspect("ok") { order.change { $0.append(number) } }
                    }
                    try await eventually { pool.waiting == number + 1 }
                }
                first.cancel()
                try await group.waitForAll()
            }
        }
        #expect(order.value == Array(0..<10))
    }

    @Test func moreCallersThanMayWaitAreToldSo() async throws {
        try await withPool(maxWaiting: 1) { pool async throws in
            let first = Task { try await pool.transcribe("until-cancelled") }
            try await eventually { pool.isBusy }
            let second = Task { try await pool.inspect("ok") }
            try await eventually { pool.waiting == 1 }
            #expect(await failure { try await pool.inspect("ok") } == .busy)
            first.cancel()
            #expect(try await second.value == "ok")
        }
    }

    @Test func aCallerThatWaitsCanBeCancelled() async throws {
        try await withPool { pool async throws in
            let first = Task { try await pool.transcribe("until-cancelled") }
            try await eventually { pool.isBusy }
            let second = Task { try await pool.inspect("ok") }
            try await eventually { pool.waiting == 1 }
            second.cancel()
            #expect(await failure { try await second.value } == .cancelled)
            #expect(pool.waiting == 0)
            first.cancel()
            #expect(await failure { try await first.value } == .cancelled)
        }
    }

    @Test func cancellingARequestKeepsTheWorker() async throws {
        try await withPool { pool async throws in
            let process = try await pool.inspect("pid")
            let begun = Shared(false)
            let request = Task {
                try await pool.transcribe("until-cancelled") { _ in begun.change { $0 = true } }
            }
            try await eventually { begun.value }
            request.cancel()
            #expect(await failure { try await request.value } == .cancelled)
            #expect(try await pool.inspect("pid") == process)
        }
    }

    @Test func anAlreadyCancelledCallerNeverReachesAWorker() async throws {
        try await withPool { pool async throws in
            let process = try await pool.inspect("pid")
            for _ in 0..<50 {
                let request = Task {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await pool.inspect("crash")
                }
                #expect(await failure { try await request.value } == .cancelled)
            }
            #expect(try await pool.inspect("pid") == process)
        }
    }

    @Test func tenThousandSmallRequestsAreAnswered() async throws {
        let file = temporaryFile("small")
        let answered = Shared(0)
        try await withPool(size: 2) { pool async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<2_500 {
                            _ = try await pool.inspect("ok", file)
                            answered.change { $0 += 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(answered.value == 10_000)
    }
}
