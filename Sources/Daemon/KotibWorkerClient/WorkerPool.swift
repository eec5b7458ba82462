import KotibModel
import KotibPOSIX
import KotibRuntime
import KotibWorkerProtocol
import Logging
import Synchronization

/// A fixed number of workers, kept alive, each serving one request at a time. Users take turns, and the
/// callers of one user are served in the order in which they came.
public final class WorkerPool: Sendable {
    /// The program that is started.
    let program: WorkerProgram
    /// How many processes there are.
    let size: Int
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let scheduler: Mutex<WorkerScheduler>

    /// - Parameters:
    ///   - size: how many processes; at least one.
    ///   - mostWaiting: how many callers may wait for their turn before others get ``WorkerError/busy``.
    public init(
        program: WorkerProgram, size: Int, maxWaiting: Int = 1024,
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.program = program
        self.size = max(1, size)
        self.clock = clock
        self.logger = logger
        scheduler = Mutex(WorkerScheduler(maxWaiting: maxWaiting))
    }

    /// The final reply of a worker, and its ready message.
    public struct Answer: Hashable, Sendable {
        public var reply: WorkerReply
        public var worker: WorkerReady
    }

    /// Keeps the workers running until the task is cancelled; returns when all are reaped. To be called once.
    /// Earlier callers wait for it.
    public func run() async {
        await withTaskGroup { group in
            for slot in 0..<size {
                group.addTask { await self.keep(slot) }
            }
        }
        scheduler.withLock { $0.refuse(.stopped) }
    }

    /// Has one request served, when its turn comes.
    /// - Parameters:
    ///   - request: makes the message of the number that it is given.
    ///   - file: goes with the message; the worker gets a copy of the descriptor, with the same offset.
    ///   - user: the folder of the user who takes the turn; nil for nobody's.
    ///   - output: what the worker is to write to, if anything; goes with the message too.
    ///   - deadline: how long a worker may take, its turn not counted; nil for as long as it gives signs of
    ///     life.
    ///   - report: told every reply but the last, in order, on a thread that must not be held up; never after
    ///     this has returned.
    /// - Throws: ``WorkerError``; where the worker ended, not before it has been reaped.
    public func perform(
        passing file: OpenFile, filling output: OpenFile? = nil, for user: UserFolder? = nil,
        deadline: Duration? = nil,
        report: @escaping @Sendable (WorkerReply) -> Void = { _ in },
        _ request: (UInt64) -> WorkerRequest
    ) async throws(WorkerError) -> Answer {
        while true {
            let session = try await turn(of: user)
            defer { returnWorker(session) }
            let files = [file] + (output.map { [$0] } ?? [])
            let reply = try await session.perform(request, passing: files, deadline: deadline, report: report)
            if let reply, let worker = session.ready { return Answer(reply: reply, worker: worker) }
            // The worker ended while it had no work: that is nothing of this request's.
        }
    }

    /// A snapshot for status reports.
    public struct Status: Hashable, Sendable {
        /// Processes that take requests.
        var running: Int
        /// Those of them that serve one.
        public var busy: Int
        /// Callers that wait for their turn.
        var waiting: Int
    }

    public var status: Status { scheduler.withLock { $0.status } }

    // MARK: Turns

    private func turn(of user: UserFolder?) async throws(WorkerError) -> WorkerSession {
        if Task.isCancelled { throw .cancelled }
        let ticket = scheduler.withLock { $0.ticket() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                scheduler.withLock { $0.enqueue(ticket, user, caller) }
            }
        } onCancel: {
            scheduler.withLock { $0.withdraw(ticket) }
        }
        return try outcome.get()
    }

    private func returnWorker(_ session: WorkerSession) {
        scheduler.withLock { $0.offer(session) }
    }

    // MARK: Slots

    private func keep(_ slot: Int) async {
        var logger = logger
        logger[metadataKey: "slot"] = "\(slot)"
        var endsWithoutWork = 0
        while !Task.isCancelled {
            let process = WorkerProcess(program: program, clock: clock, logger: logger)
            scheduler.withLock { $0.workerStarting() }
            let end = await process.run { [logger] session in
                logger.info("worker ready", metadata: session.ready?.metadata ?? [:])
                self.scheduler.withLock { $0.workerReady(session) }
            }
            if Task.isCancelled { return leave(end, with: .stopped) }
            endsWithoutWork = end.hadWork ? 0 : endsWithoutWork + 1
            let delay = Self.restartDelay(after: endsWithoutWork)
            logger.warning("worker ended", metadata: ["cause": "\(end.error)", "restart_after": "\(delay)"])
            leave(end, with: end.hadWork ? end.error : end.error.withoutWork(retryAfter: delay))
            if delay > .zero { try? await clock.sleep(for: delay) }
        }
    }

    /// The delay before a worker is restarted: none after a worker that had work; growing after workers that
    /// end by themselves, so that a broken installation does not loop.
    /// - Parameter endsWithoutWork: the number in a row so far.
    static func restartDelay(after endsWithoutWork: Int) -> Duration {
        guard endsWithoutWork > 0 else { return .zero }
        return Duration.milliseconds(250).doubled(times: endsWithoutWork - 1, upTo: .seconds(30))
    }

    private func leave(_ end: WorkerProcess.End, with error: WorkerError) {
        scheduler.withLock {
            $0.workerEnded(end.session, isReplaced: end.hadWork && error != .stopped, error)
        }
        end.session?.markExited(error)
    }
}

extension WorkerError {
    /// The same from the point of view of those who wait for a worker.
    fileprivate func withoutWork(retryAfter: Duration) -> WorkerError {
        if case .couldNotStart(let reason, _) = self {
            return .couldNotStart(reason: reason, retryAfter: retryAfter)
        }
        return .couldNotStart(reason: "the worker \(self)", retryAfter: retryAfter)
    }
}

extension WorkerReady {
    fileprivate var metadata: Logger.Metadata {
        ["model": "\(model ?? "none")", "sandbox": "\(sandbox.joined(separator: ","))"]
    }
}
