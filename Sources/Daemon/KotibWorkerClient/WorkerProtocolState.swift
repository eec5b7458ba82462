import KotibWorkerProtocol

/// The state of the protocol with one worker, as a value: it is given events and times since the start of the
/// process, and does no I/O.
struct WorkerProtocolState {
    /// The meaning of a reply.
    enum Step: Hashable {
        case ready(WorkerReady)
        /// A sign of life for the caller of the current request.
        case progress
        /// The final reply to the request: the worker is free.
        case answer
        /// A reply to a `cancel` that crossed the end of its request.
        case late
    }

    private struct Service {
        var id: UInt64
        var began: Duration
        var heard: Duration
        var deadline: Duration?
        var cancelled: Duration?
        var isSent = false
    }

    private enum Phase {
        case starting
        case idle
        case serving(Service)
    }

    let limits: WorkerLimits
    private var phase = Phase.starting
    private var lastID: UInt64 = 0

    init(limits: WorkerLimits) {
        self.limits = limits
    }

    /// Whether a reply is expected, so that timeouts apply.
    var isReplyExpected: Bool {
        if case .idle = phase { return false }
        return true
    }

    /// Starts a request and returns its number; nil unless the worker is ready and free.
    mutating func begin(deadline: Duration?, at now: Duration) -> UInt64? {
        guard case .idle = phase else { return nil }
        lastID += 1
        phase = .serving(Service(id: lastID, began: now, heard: now, deadline: deadline))
        return lastID
    }

    /// Whether to send the request now; false if it was cancelled before, which ends it.
    mutating func send(_ id: UInt64) -> Bool {
        guard case .serving(var service) = phase, service.id == id else { return false }
        guard service.cancelled == nil else {
            phase = .idle
            return false
        }
        service.isSent = true
        phase = .serving(service)
        return true
    }

    /// Whether to send `cancel`: only for the current request, and once.
    mutating func cancel(_ id: UInt64, at now: Duration) -> Bool {
        guard case .serving(var service) = phase, service.id == id, service.cancelled == nil else {
            return false
        }
        service.cancelled = now
        phase = .serving(service)
        return service.isSent
    }

    /// Whether the request that is being served has been cancelled.
    var isCancelled: Bool {
        if case .serving(let service) = phase { service.cancelled != nil } else { false }
    }

    /// - Throws: ``WorkerError/protocolViolation(detail:)`` for an unexpected reply.
    mutating func receive(_ reply: WorkerReply, at now: Duration) throws(WorkerError) -> Step {
        switch (phase, reply) {
        case (.starting, .ready(let ready)):
            phase = .idle
            return .ready(ready)
        case (.serving(var service), _) where reply.request == service.id && service.isSent:
            service.heard = now
            phase = reply.isFinal ? .idle : .serving(service)
            return reply.isFinal ? .answer : .progress
        case (.idle, .cancelled(let id)) where id <= lastID, (.serving, .cancelled(let id)) where id < lastID:
            return .late
        default:
            throw .protocolViolation(detail: "unexpected reply")
        }
    }

    /// The reason to kill the worker now; nil if there is none.
    func overdue(at now: Duration) -> WorkerError? {
        switch phase {
        case .idle:
            return nil
        case .starting:
            return now >= limits.start ? .stalled(after: limits.start) : nil
        case .serving(let service):
            if let cancelled = service.cancelled, now - cancelled >= limits.cancel { return .cancelled }
            if now - service.heard >= limits.stall { return .stalled(after: limits.stall) }
            if let deadline = service.deadline, now - service.began >= deadline {
                return .overdue(after: deadline)
            }
            return nil
        }
    }

    /// The interval of checks of ``overdue(at:)``: an eighth of the shortest limit, within bounds.
    var watchInterval: Duration {
        min(max(min(limits.start, limits.stall, limits.cancel) / 8, .milliseconds(10)), .seconds(1))
    }
}

extension WorkerReply {
    /// The request that it belongs to.
    var request: UInt64? {
        switch self {
        case .ready: nil
        case .inspected(let id, _), .refused(let id, _), .progress(let id, _), .segment(let id, _),
            .transcribed(let id, _), .encoded(let id, _), .outgrown(let id, _), .cancelled(let id),
            .failed(let id, _):
            id
        }
    }

    /// Whether the request ends with it.
    var isFinal: Bool {
        switch self {
        case .ready, .progress, .segment: false
        case .inspected, .refused, .transcribed, .encoded, .outgrown, .cancelled, .failed: true
        }
    }
}
