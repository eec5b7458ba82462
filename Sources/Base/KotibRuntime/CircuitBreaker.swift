/// Holds jobs back while the service that they need, such as an engine, can serve none: it is out of reach,
/// refuses the key, or its quota is spent.
///
/// After a pause one job goes ahead as a probe. If the service serves it, all go on; if not, the next pause
/// is twice as long. Times are those of one monotonic clock, from any start.
public struct CircuitBreaker: Hashable, Sendable {
    public enum Permission: Hashable, Sendable {
        case granted
        /// Ask again then.
        case wait(until: Duration)
        /// The probe decides.
        case waitForProbe
    }

    /// A change that is worth telling, once for all jobs that notice it.
    public enum Transition: Hashable, Sendable {
        case opened(pause: Duration)
        case closed(after: Duration)
    }

    private enum State: Hashable {
        case closed
        case open(until: Duration)
        case probing
    }

    public let firstPause: Duration
    public let longestPause: Duration
    /// What a server may ask for at most (`Retry-After`, RFC 9110 section 10.2.3).
    public let longestRetryAfter: Duration

    private var state = State.closed
    private var openedAt = Duration.zero
    private var pauses = 0

    public init(
        firstPause: Duration = .seconds(1), longestPause: Duration = .seconds(60),
        longestRetryAfter: Duration = .seconds(3600)
    ) {
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.longestRetryAfter = longestRetryAfter
    }

    /// Whether a job may start.
    public func permission(now: Duration) -> Permission {
        switch state {
        case .closed: .granted
        case .open(let until): now < until ? .wait(until: until) : .granted
        case .probing: .waitForProbe
        }
    }

    /// When the next probe may start; nil while all may.
    public var pausedUntil: Duration? {
        switch state {
        case .closed: nil
        case .open(let until): until
        case .probing: .zero
        }
    }

    /// A job starts: the probe, where the breaker is open.
    public mutating func started() {
        if case .open = state { state = .probing }
    }

    /// A job ended without having met the service, or without having asked it for long enough.
    public mutating func abandoned(now: Duration) {
        if state == .probing { state = .open(until: now) }
    }

    /// The service answered a job, if only with an error of that job.
    public mutating func answered(now: Duration) -> Transition? {
        guard state != .closed else { return nil }
        state = .closed
        pauses = 0
        return .closed(after: now - openedAt)
    }

    /// The service could serve no job.
    public mutating func failed(retryAfter: Duration?, now: Duration) -> Transition? {
        let asked = min(retryAfter ?? .zero, longestRetryAfter)
        if case .open(let until) = state {
            // Another job that was under way when the first one failed: the same outage.
            state = .open(until: max(until, now + asked))
            return nil
        }
        let isFirst = state == .closed
        let pause = max(firstPause.doubled(times: pauses, upTo: longestPause), asked)
        pauses += 1
        state = .open(until: now + pause)
        guard isFirst else { return nil }
        openedAt = now
        return .opened(pause: pause)
    }
}
