import KotibModel

/// The scheduler of a pool: the free workers, the waiting callers, and the error for callers while no worker
/// runs.
struct WorkerScheduler {
    typealias Caller = CheckedContinuation<Result<WorkerSession, WorkerError>, Never>

    let maxWaiting: Int
    private var free: [WorkerSession] = []
    /// Users with waiting callers, in the order of their turns. At most `maxWaiting` callers in all.
    private var lines: [Line] = []
    private var lastTicket: UInt64 = 0
    /// Tickets whose caller does not wait yet.
    private var issued: Set<UInt64> = []
    /// The number of workers that take requests, busy or free, and the number that are being started.
    private var running = 0
    private var starting = 0
    /// The callers of one user, in the order in which they came.
    private struct Line {
        var user: UserFolder?
        var callers: [(ticket: UInt64, caller: Caller)]
    }

    private var waiting: Int { lines.reduce(0) { $0 + $1.callers.count } }

    /// The error for all callers while no worker runs; nil once one is started again.
    private var refusal: WorkerError?

    init(maxWaiting: Int) {
        self.maxWaiting = maxWaiting
    }

    var status: WorkerPool.Status {
        WorkerPool.Status(running: running, busy: running - free.count, waiting: waiting)
    }

    // MARK: Callers

    mutating func ticket() -> UInt64 {
        lastTicket += 1
        issued.insert(lastTicket)
        return lastTicket
    }

    /// Resumes `caller` now, or when the turn of `user` has come.
    mutating func enqueue(_ ticket: UInt64, _ user: UserFolder?, _ caller: Caller) {
        guard issued.remove(ticket) != nil else { return caller.resume(returning: .failure(.cancelled)) }
        if let refusal { return caller.resume(returning: .failure(refusal)) }
        free.removeAll { !$0.isOpen }
        if !free.isEmpty { return caller.resume(returning: .success(free.removeFirst())) }
        guard waiting < maxWaiting else { return caller.resume(returning: .failure(.busy)) }
        if let index = lines.firstIndex(where: { $0.user == user }) {
            lines[index].callers.append((ticket, caller))
        } else {
            lines.append(Line(user: user, callers: [(ticket, caller)]))
        }
    }

    /// Withdraws the caller with that ticket. Does nothing if it was served.
    mutating func withdraw(_ ticket: UInt64) {
        if issued.remove(ticket) != nil { return }
        for line in lines.indices {
            guard let index = lines[line].callers.firstIndex(where: { $0.ticket == ticket }) else { continue }
            lines[line].callers.remove(at: index).caller.resume(returning: .failure(.cancelled))
            if lines[line].callers.isEmpty { lines.remove(at: line) }
            return
        }
    }

    /// Fails all present and future callers with `error`.
    mutating func refuse(_ error: WorkerError) {
        refusal = error
        for (_, caller) in lines.flatMap(\.callers) { caller.resume(returning: .failure(error)) }
        lines = []
    }

    // MARK: Workers

    /// Gives a free worker to the longest waiting caller of the user whose turn it is. Ignores a worker that
    /// has ended.
    mutating func offer(_ session: WorkerSession) {
        guard session.isOpen else { return }
        guard !lines.isEmpty else { return free.append(session) }
        var line = lines.removeFirst()
        line.callers.removeFirst().caller.resume(returning: .success(session))
        if !line.callers.isEmpty { lines.append(line) }
    }

    mutating func workerStarting() {
        starting += 1
        refusal = nil
    }

    /// A worker that was being started takes requests.
    mutating func workerReady(_ session: WorkerSession) {
        starting -= 1
        running += 1
        offer(session)
    }

    /// Removes a worker that has ended. If no other is left and it is not replaced at once, all waiting
    /// callers fail.
    mutating func workerEnded(_ session: WorkerSession?, isReplaced: Bool, _ error: WorkerError) {
        if session?.ready == nil { starting -= 1 } else { running -= 1 }
        free.removeAll { $0 === session }
        if !isReplaced && running + starting == 0 { refuse(error) }
    }
}
