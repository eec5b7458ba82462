import KotibRuntime

/// When a recording that an engine could not transcribe is tried again, and when it is given up on.
public struct RetryPolicy: Hashable, Sendable {
    /// What becomes of the recording.
    public enum Verdict: Hashable, Sendable {
        case retry(after: Duration)
        /// The engine's sentence is kept with the recording.
        case giveUp
        /// As if it had not been started: the recording is not to blame.
        case handBack
    }

    public var backoff: Backoff
    /// Attempts that may end with ``EngineError/transient(message:retryAfter:)``.
    public var mostTransientAttempts: Int
    /// Attempts that may end with ``EngineError/poison(message:)``.
    public var mostPoisonAttempts: Int

    public init(
        backoff: Backoff = Backoff(), mostTransientAttempts: Int = 8, mostPoisonAttempts: Int = 3
    ) {
        self.backoff = backoff
        self.mostTransientAttempts = mostTransientAttempts
        self.mostPoisonAttempts = mostPoisonAttempts
    }

    /// - Parameter attempts: those begun, this one included.
    public func verdict(
        on error: EngineError, attempts: Int, using random: inout some RandomNumberGenerator
    ) -> Verdict {
        switch error {
        case .permanent: .giveUp
        case .unavailable, .cancelled: .handBack
        case .poison where attempts >= mostPoisonAttempts: .giveUp
        case .transient where attempts >= mostTransientAttempts: .giveUp
        case .poison: .retry(after: backoff.delay(attempts: attempts, using: &random))
        case .transient(_, let retryAfter):
            .retry(after: backoff.delay(attempts: attempts, retryAfter: retryAfter, using: &random))
        }
    }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }
}
