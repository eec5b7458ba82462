import KotibTestSupport
import Testing

@testable import KotibTranscription

struct RetryPolicyTests {
    @Test func eachErrorHasItsOwnRetryLimit() {
        var random = SeededGenerator(seed: 3)
        func verdict(_ error: EngineError, _ attempts: Int) -> RetryPolicy.Verdict {
            RetryPolicy().verdict(on: error, attempts: attempts, using: &random)
        }
        func isRetry(_ verdict: RetryPolicy.Verdict) -> Bool {
            if case .retry = verdict { true } else { false }
        }
        #expect(verdict(.permanent(message: ""), 1) == .giveUp)
        #expect(isRetry(verdict(.poison(message: ""), 2)))
        #expect(verdict(.poison(message: ""), 3) == .giveUp)
        #expect(isRetry(verdict(.transient(message: "", retryAfter: nil), 7)))
        #expect(verdict(.transient(message: "", retryAfter: nil), 8) == .giveUp)
        #expect(verdict(.unavailable(message: "", retryAfter: nil), 99) == .handBack)
        #expect(verdict(.cancelled, 99) == .handBack)
    }
}
