import KotibModel

/// Which workers are free, who waits for one, and what to tell those who would wait in vain.
struct WorkerTurns {
    typealias Caller = CheckedContinuation<Result<WorkerSession, WorkerError>, Never>

    let mostWaiting: Int
    private var free: [WorkerSession] = []
    /// Users with callers who wait, in the order of their turns. At most `mostWaiting` in all.
    private var lines: [Line] = []
    private var lastTicket: UInt64 = 0
    /// Tickets whose caller does not wait yet.
    private var issued: Set<UInt64> = []
    /// How many workers take requests, busy or free, and how many are being started.
    private var running = 0
    private var starting = 0
    /// The callers of one user, in the order in which they came.
    private struct Line {
        var user: UserFolder?
        var callers: [(ticket: UInt64, caller: Caller)]
    }

    private var waiting: Int { lines.reduce(0) { $0 + $1.callers.count } }

    /// Why there is no worker: the answer to all who come, until one is started again.
    private var refusal: WorkerError?

    init(mostWaiting: Int) {
        self.mostWaiting = mostWaiting
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

    /// Answers `caller` now, or once the turn of `user` has come.
    mutating func take(_ ticket: UInt64, _ user: UserFolder?, _ caller: Caller) {
        guard issued.remove(ticket) != nil else { return caller.resume(returning: .failure(.cancelled)) }
        if let refusal { return caller.resume(returning: .failure(refusal)) }
        free.removeAll { !$0.isOpen }
        if !free.isEmpty { return caller.resume(returning: .success(free.removeFirst())) }
        guard waiting < mostWaiting else { return caller.resume(returning: .failure(.busy)) }
        if let index = lines.firstIndex(where: { $0.user == user }) {
            lines[index].callers.append((ticket, caller))
        } else {
            lines.append(Line(user: user, callers: [(ticket, caller)]))
        }
    }

    /// The caller with that ticket no longer wants a turn; no matter if it has had it.
    mutating func withdraw(_ ticket: UInt64) {
        if issued.remove(ticket) != nil { return }
        for line in lines.indices {
            guard let index = lines[line].callers.firstIndex(where: { $0.ticket == ticket }) else { continue }
            lines[line].callers.remove(at: index).caller.resume(returning: .failure(.cancelled))
            if lines[line].callers.isEmpty { lines.remove(at: line) }
            return
        }
    }

    /// Whoever waits, or comes, is told `error`.
    mutating func refuse(_ error: WorkerError) {
        refusal = error
        for (_, caller) in lines.flatMap(\.callers) { caller.resume(returning: .failure(error)) }
        lines = []
    }

    // MARK: Workers

    /// A worker is free: the longest waiting caller of the user whose turn it is gets it. One that is gone is
    /// nobody's any more.
    mutating func offer(_ session: WorkerSession) {
        guard session.isOpen else { return }
        guard !lines.isEmpty else { return free.append(session) }
        var line = lines.removeFirst()
        line.callers.removeFirst().caller.resume(returning: .success(session))
        if !line.callers.isEmpty { lines.append(line) }
    }

    mutating func starts() {
        starting += 1
        refusal = nil
    }

    /// A worker that was being started takes requests.
    mutating func joins(_ session: WorkerSession) {
        starting -= 1
        running += 1
        offer(session)
    }

    /// A worker has ended. If no other is left, and it is not one that is replaced at once, nobody need wait.
    mutating func leaves(_ session: WorkerSession?, isReplaced: Bool, _ error: WorkerError) {
        if session?.ready == nil { starting -= 1 } else { running -= 1 }
        free.removeAll { $0 === session }
        if !isReplaced && running + starting == 0 { refuse(error) }
    }
}
