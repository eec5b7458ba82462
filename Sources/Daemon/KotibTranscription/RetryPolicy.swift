import KotibModel

/// Decides whether a recording that an engine could not transcribe is tried again, and after which delay.
public struct RetryPolicy: Hashable, Sendable {
    public enum Verdict: Hashable, Sendable {
        case retry(after: Duration)
        /// The recording fails with the engine's message.
        case giveUp
        /// Pending again, without counting the attempt: the recording is not the cause.
        case handBack
    }

    /// The upper bound of the first delay; it doubles with each attempt.
    public var firstDelay: Duration
    /// The upper bound of every delay.
    public var longestDelay: Duration
    /// Attempts that may end with ``EngineError/transient(message:retryAfter:)``.
    public var mostTransientAttempts: Int
    /// Attempts that may end with ``EngineError/poison(message:)``.
    public var mostPoisonAttempts: Int
    /// The longest delay that a server may ask for (`Retry-After`, RFC 9110 section 10.2.3).
    public var longestRetryAfter: Duration

    public init(
        firstDelay: Duration = .seconds(2), longestDelay: Duration = .seconds(600),
        mostTransientAttempts: Int = 8, mostPoisonAttempts: Int = 3,
        longestRetryAfter: Duration = .seconds(3600)
    ) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.mostTransientAttempts = mostTransientAttempts
        self.mostPoisonAttempts = mostPoisonAttempts
        self.longestRetryAfter = longestRetryAfter
    }

    /// - Parameter attempts: the number of attempts, this one included.
    public func verdict(
        on error: EngineError, attempts: Int, using random: inout some RandomNumberGenerator
    ) -> Verdict {
        switch error {
        case .permanent: .giveUp
        case .unavailable, .cancelled: .handBack
        case .poison where attempts >= mostPoisonAttempts: .giveUp
        case .transient where attempts >= mostTransientAttempts: .giveUp
        case .poison: .retry(after: delay(attempts: attempts, retryAfter: nil, using: &random))
        case .transient(_, let retryAfter):
            .retry(after: delay(attempts: attempts, retryAfter: retryAfter, using: &random))
        }
    }

    /// Capped exponential backoff with full jitter: any time up to the bound is equally likely, so that jobs
    /// that failed together do not return together
    /// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). Never before
    /// `retryAfter`.
    public func delay(
        attempts: Int, retryAfter: Duration?, using random: inout some RandomNumberGenerator
    ) -> Duration {
        let bound = firstDelay.doubled(times: attempts - 1, upTo: longestDelay)
        let jittered = bound * Double.random(in: 0...1, using: &random)
        guard let retryAfter else { return jittered }
        return max(jittered, min(retryAfter, longestRetryAfter))
    }
}

extension Duration {
    /// This, doubled `times` times, at most `limit`.
    func doubled(times: Int, upTo limit: Duration) -> Duration {
        var (duration, left) = (self, times)
        while left > 0 && duration < limit {
            duration *= 2
            left -= 1
        }
        return min(duration, limit)
    }

    var inSeconds: Double { self / .seconds(1) }
}
