import KotibRuntime
import KotibTestSupport
import Testing

struct BackoffTests {
    private func delays(attempts: Int, retryAfter: Duration? = nil) -> [Duration] {
        var random = SeededGenerator(seed: 3)
        return (0..<500).map { _ in
            Backoff().delay(attempts: attempts, retryAfter: retryAfter, using: &random)
        }
    }

    @Test(arguments: [(1, 2), (2, 4), (3, 8), (8, 256), (10, 600), (1_000_000, 600)])
    func delaysFillTheirBoundEvenly(attempts: Int, bound: Int) {
        let delays = delays(attempts: attempts)
        let bound = Duration.seconds(bound)
        #expect(delays.allSatisfy { $0 >= .zero && $0 <= bound })
        #expect(delays.count { $0 < bound / 2 } > 200)
        #expect(delays.count { $0 > bound / 2 } > 200)
    }

    @Test func theServersWishIsHonouredWithinBounds() {
        #expect(delays(attempts: 1, retryAfter: .seconds(30)).allSatisfy { $0 == .seconds(30) })
        #expect(delays(attempts: 1, retryAfter: .seconds(1_000_000_000)).allSatisfy { $0 == .seconds(3600) })
        #expect(delays(attempts: 1, retryAfter: .zero).allSatisfy { $0 <= .seconds(2) })
        #expect(delays(attempts: 1, retryAfter: .seconds(-5)).allSatisfy { $0 >= .zero })
    }
}
