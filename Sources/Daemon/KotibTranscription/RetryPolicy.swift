import KotibRuntime

/// Decides whether a recording that an engine could not transcribe is tried again, and after which delay.
public struct RetryPolicy: Hashable, Sendable {
    enum Verdict: Hashable, Sendable {
        case retry(after: Duration)
        /// The recording fails with the engine's message.
        case giveUp
        /// Pending again, without counting the attempt: the recording is not the cause.
        case handBack
    }

    var backoff: Backoff
    /// Attempts that may end with ``EngineError/transient(message:retryAfter:)``.
    var maxTransientAttempts: Int
    /// Attempts that may end with ``EngineError/poison(message:)``.
    var maxPoisonAttempts: Int

    public init(
        backoff: Backoff = Backoff(), maxTransientAttempts: Int = 8, maxPoisonAttempts: Int = 3
    ) {
        self.backoff = backoff
        self.maxTransientAttempts = maxTransientAttempts
        self.maxPoisonAttempts = maxPoisonAttempts
    }

    /// - Parameter attempts: the number of attempts, this one included.
    func verdict(
        on error: EngineError, attempts: Int, using random: inout some RandomNumberGenerator
    ) -> Verdict {
        switch error {
        case .permanent: .giveUp
        case .unavailable, .cancelled: .handBack
        case .poison where attempts >= maxPoisonAttempts: .giveUp
        case .transient where attempts >= maxTransientAttempts: .giveUp
        case .poison: .retry(after: backoff.delay(attempts: attempts, using: &random))
        case .transient(_, let retryAfter):
            .retry(after: backoff.delay(attempts: attempts, retryAfter: retryAfter, using: &random))
        }
    }
}

extension Duration {
    var inSeconds: Double { self / .seconds(1) }
}
