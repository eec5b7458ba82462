// KotibRuntime: decisions about time and retries as values: they are given the time and never read a clock.

/// Capped exponential backoff with full jitter: any time up to the bound is as likely as any other, so that
/// what failed together does not return together
/// (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
public struct Backoff: Hashable, Sendable {
    /// The bound of the first delay; it doubles with each attempt.
    var firstDelay: Duration
    /// The bound of every delay.
    var longestDelay: Duration
    /// The most that a server may ask for (`Retry-After`, RFC 9110 section 10.2.3).
    static let longestRetryAfter = Duration.seconds(3600)

    public init(firstDelay: Duration = .seconds(2), longestDelay: Duration = .seconds(600)) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
    }

    /// Never less than `retryAfter`, as far as ``longestRetryAfter`` allows.
    /// - Parameter attempts: the number of attempts so far, at least 1.
    public func delay(
        attempts: Int, retryAfter: Duration? = nil, using random: inout some RandomNumberGenerator
    ) -> Duration {
        let bound = firstDelay.doubled(times: attempts - 1, upTo: longestDelay)
        let jittered = bound * Double.random(in: 0...1, using: &random)
        guard let retryAfter else { return jittered }
        return max(jittered, min(retryAfter, Self.longestRetryAfter))
    }
}

extension Duration {
    /// This, doubled `times` times, at most `limit`.
    public func doubled(times: Int, upTo limit: Duration) -> Duration {
        var (duration, left) = (self, times)
        while left > 0 && duration < limit {
            duration *= 2
            left -= 1
        }
        return min(duration, limit)
    }
}
