import KotibRuntime
import Testing

struct CircuitBreakerTests {
    @Test func pausesDoubleUpToTheCap() {
        var breaker = CircuitBreaker()
        var now = Duration.zero
        var pauses: [Duration] = []
        for _ in 0..<9 {
            _ = breaker.failed(retryAfter: nil, now: now)
            guard case .wait(let until) = breaker.permission(now: now) else { break }
            pauses.append(until - now)
            now = until
            #expect(breaker.permission(now: now) == .granted)
            breaker.started()
            #expect(breaker.permission(now: now) == .waitForProbe)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { Duration.seconds($0) })
    }

    @Test func anOutageIsToldOnceAndItsEndOnce() {
        var breaker = CircuitBreaker()
        #expect(breaker.answered(now: .zero) == nil)
        #expect(breaker.failed(retryAfter: nil, now: .seconds(5)) == .opened(pause: .seconds(1)))
        #expect(breaker.failed(retryAfter: nil, now: .seconds(5)) == nil)
        breaker.started()
        #expect(breaker.failed(retryAfter: nil, now: .seconds(6)) == nil)
        breaker.started()
        #expect(breaker.answered(now: .seconds(8)) == .closed(after: .seconds(3)))
        #expect(breaker.permission(now: .seconds(8)) == .granted)
        #expect(breaker.failed(retryAfter: nil, now: .seconds(9)) == .opened(pause: .seconds(1)))
    }

    @Test(arguments: [(0, 1), (30, 30), (1_000_000_000, 3600), (-1, 1)])
    func theServersWishIsHonouredWithinBounds(asked: Int, pause: Int) {
        var breaker = CircuitBreaker()
        let transition = breaker.failed(retryAfter: .seconds(asked), now: .zero)
        #expect(transition == .opened(pause: .seconds(pause)))
    }

    @Test func aJobThatWasUnderWayOnlyProlongsThePause() {
        var breaker = CircuitBreaker()
        _ = breaker.failed(retryAfter: nil, now: .zero)
        _ = breaker.failed(retryAfter: .seconds(10), now: .zero)
        #expect(breaker.permission(now: .zero) == .wait(until: .seconds(10)))
    }

    @Test func aProbeThatNeverMetTheEngineIsFollowedByAnother() {
        var breaker = CircuitBreaker()
        _ = breaker.failed(retryAfter: nil, now: .zero)
        breaker.started()
        breaker.abandoned(now: .seconds(2))
        #expect(breaker.permission(now: .seconds(2)) == .granted)
        #expect(breaker.pausedUntil != nil)
    }
}
