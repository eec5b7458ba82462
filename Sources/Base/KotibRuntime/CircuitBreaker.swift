/// Stops jobs while the engine cannot serve any: it is unreachable, refuses the key, or its quota is used up.
///
/// After a pause one job starts as a probe. If the engine serves it, all may start; if not, the next pause is
/// twice as long. All times are readings of one monotonic clock.
public struct CircuitBreaker: Hashable, Sendable {
    public enum Permission: Hashable, Sendable {
        case granted
        /// Not before this time.
        case wait(until: Duration)
        /// Not before the probe has ended.
        case waitForProbe
    }

    /// A change that is logged, once for all jobs that notice it.
    public enum Transition: Hashable, Sendable {
        case opened(pause: Duration)
        case closed(after: Duration)
    }

    private enum State: Hashable {
        case closed
        case open(until: Duration)
        case probing
    }

    private static let longestPause = Duration.seconds(60)
    /// The longest pause that a server may ask for (`Retry-After`, RFC 9110 section 10.2.3).
    private static let longestRetryAfter = Duration.seconds(3600)

    private let firstPause: Duration

    private var state = State.closed
    private var openedAt = Duration.zero
    private var pauses = 0

    public init(firstPause: Duration = .seconds(1)) {
        self.firstPause = firstPause
    }

    /// Whether a job may start.
    public func permission(now: Duration) -> Permission {
        switch state {
        case .closed: .granted
        case .open(let until): now < until ? .wait(until: until) : .granted
        case .probing: .waitForProbe
        }
    }

    /// The time of the next probe; nil while every job may start.
    public var pausedUntil: Duration? {
        switch state {
        case .closed: nil
        case .open(let until): until
        case .probing: .zero
        }
    }

    /// A job has started. It is the probe where the breaker is open.
    public mutating func started() {
        if case .open = state { state = .probing }
    }

    /// A job has ended without a response of the engine.
    public mutating func abandoned(now: Duration) {
        if state == .probing { state = .open(until: now) }
    }

    /// The service responded to a job, if only with an error of that job.
    public mutating func answered(now: Duration) -> Transition? {
        guard state != .closed else { return nil }
        state = .closed
        pauses = 0
        return .closed(after: now - openedAt)
    }

    /// The service was unable to serve any job.
    public mutating func failed(retryAfter: Duration?, now: Duration) -> Transition? {
        let asked = min(retryAfter ?? .zero, Self.longestRetryAfter)
        if case .open(let until) = state {
            // Another job that was under way when the first one failed: the same outage.
            state = .open(until: max(until, now + asked))
            return nil
        }
        let isFirst = state == .closed
        let pause = max(firstPause.doubled(times: pauses, upTo: Self.longestPause), asked)
        pauses += 1
        state = .open(until: now + pause)
        guard isFirst else { return nil }
        openedAt = now
        return .opened(pause: pause)
    }
}
