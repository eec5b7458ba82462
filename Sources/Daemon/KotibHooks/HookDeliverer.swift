import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import KotibRuntime
import Logging
import Synchronization

/// Delivers the events of one receiver.
///
/// An event that cannot be delivered is retried after longer and longer delays. A receiver that fails
/// entirely is paused for up to a minute, and then probed with one event (``CircuitBreaker``).
final class HookDeliverer: Sendable {
    private struct Counters {
        var delivered = 0
        var failed = 0
        var problem: String?
    }

    /// Between the attempts at one event.
    static let backoff = Backoff(firstDelay: .seconds(2), longestDelay: .seconds(600))
    /// The time for which an event is retried, from its own time on. It is tried at least once.
    static let retryPeriod: TimeInterval = 3 * 86_400
    /// The pause after a failure of the catalog.
    static let catalogPause = Duration.seconds(10)

    let name: HookReceiver
    private let receiver: any HookReceiving
    private let withText: Bool
    private let catalog: Catalog
    private let time: HookDispatcher.Time
    private let logger: Logger
    private let figures = Mutex(Counters())

    init(
        _ receiver: any HookReceiving, withText: Bool, catalog: Catalog, time: HookDispatcher.Time,
        logger: Logger
    ) {
        name = receiver.name
        self.receiver = receiver
        self.withText = withText
        self.catalog = catalog
        self.time = time
        var logger = logger
        logger[metadataKey: "receiver"] = "\(receiver.name.rawValue)"
        self.logger = logger
    }

    func health(pending: Int) -> HookHealth {
        let figures = figures.withLock { $0 }
        return HookHealth(
            receiver: name, pending: pending, delivered: figures.delivered, failed: figures.failed,
            problem: figures.problem)
    }

    func run() async {
        var breaker = CircuitBreaker()
        let elapsed = time.clock.stopwatch()
        while !Task.isCancelled {
            if case .wait(let until) = breaker.permission(now: elapsed()) {
                await pause(until - elapsed())
                continue
            }
            // From before the look, so that nothing comes between it and the wait.
            let news = catalog.hooks.signals()
            do throws(CatalogError) {
                switch try await catalog.hooks.next(for: name, now: time.now()) {
                case .delivery(let delivery): await tell(delivery, &breaker, elapsed)
                case .nothing(let due):
                    await wait(
                        for: news, atMost: due.map { .seconds(bounding: $0.timeIntervalSince(time.now())) })
                }
            } catch {
                logger.error("cannot read pending hooks", metadata: ["cause": "\(error)"])
                await pause(Self.catalogPause)
            }
        }
    }

    private func tell(
        _ delivery: HookDelivery, _ breaker: inout CircuitBreaker, _ elapsed: @Sendable () -> Duration
    ) async {
        breaker.started()
        switch await attempt(delivery.event) {
        case .delivered:
            figures.withLock {
                $0.delivered += 1
                $0.problem = nil
            }
            log(.info, "hook delivered", delivery)
            await record { () throws(CatalogError) in try await self.catalog.hooks.finish(delivery.id) }
            answered(&breaker, elapsed())
        case .failed(let cause):
            await giveUp(delivery, cause)
            answered(&breaker, elapsed())
        case .later(let cause, let retryAfter):
            await putOff(delivery, cause, retryAfter)
            if case .opened = breaker.failed(retryAfter: retryAfter, now: elapsed()) {
                log(.warning, "hook not delivered, retrying", delivery, cause: cause)
            } else {
                log(.debug, "hook not delivered, retrying", delivery, cause: cause)
            }
        case .stopped: breaker.abandoned(now: elapsed())
        }
    }

    private func attempt(_ event: HookEvent) async -> HookOutcome {
        do {
            return await receiver.deliver(try HookMessage(event, withText: withText))
        } catch {
            return .failed("the event cannot be written as JSON: \(error)")
        }
    }

    private func answered(_ breaker: inout CircuitBreaker, _ now: Duration) {
        guard case .closed(let outage) = breaker.answered(now: now) else { return }
        logger.notice("hook receiver recovered", metadata: ["outage": "\(outage)"])
    }

    private func putOff(_ delivery: HookDelivery, _ cause: String, _ retryAfter: Duration?) async {
        figures.withLock { $0.problem = cause }
        var random = SystemRandomNumberGenerator()
        let delay = Self.backoff.delay(
            attempts: delivery.attempts + 1, retryAfter: retryAfter, using: &random)
        let now = time.now()
        let due = now + delay / .seconds(1)
        guard due < delivery.event.time + Self.retryPeriod else {
            return await giveUp(delivery, "in vain for three days: \(cause)")
        }
        await record { () throws(CatalogError) in
            try await self.catalog.hooks.postpone(delivery.id, until: due, now: now)
        }
    }

    private func giveUp(_ delivery: HookDelivery, _ cause: String) async {
        figures.withLock {
            $0.failed += 1
            $0.problem = cause
        }
        log(.error, "hook given up", delivery, cause: cause)
        await record { () throws(CatalogError) in try await self.catalog.hooks.finish(delivery.id) }
    }

    /// Until it is recorded, so that the receiver is not told again and again while the disk is full.
    private func record(_ body: () async throws(CatalogError) -> Void) async {
        while true {
            do throws(CatalogError) {
                return try await body()
            } catch {
                logger.error("cannot record hook outcome", metadata: ["cause": "\(error)"])
                guard await pause(Self.catalogPause) else { return }
            }
        }
    }

    private func log(
        _ level: Logger.Level, _ message: Logger.Message, _ delivery: HookDelivery, cause: String? = nil
    ) {
        var metadata: Logger.Metadata = [
            "event": "\(delivery.event.id)", "kind": "\(delivery.event.kind.rawValue)",
            "recording": "\(delivery.event.recording)", "file": "\(delivery.event.path)",
            "attempt": "\(delivery.attempts + 1)",
        ]
        if let cause { metadata["cause"] = "\(cause)" }
        logger.log(level: level, message, metadata: metadata)
    }

    // MARK: Waiting

    /// - Returns: false where the task is cancelled.
    @discardableResult private func pause(_ duration: Duration) async -> Bool {
        (try? await time.clock.sleep(for: max(.milliseconds(1), duration))) != nil
    }

    private func wait(for news: AsyncStream<Void>, atMost limit: Duration?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in news { return } }
            if let limit { group.addTask { await self.pause(limit) } }
            await group.next()
            group.cancelAll()
        }
    }
}

/// A receiver of hook events.
public protocol HookReceiving: Sendable {
    var name: HookReceiver { get }

    /// Delivers once. Ends soon after the task is cancelled.
    func deliver(_ message: HookMessage) async -> HookOutcome
}

/// The outcome of one attempt. The texts are for logs and for status; none holds a secret or words of a
/// recording.
public enum HookOutcome: Hashable, Sendable {
    case delivered
    /// The receiver refuses the event: never retried.
    case failed(String)
    /// To be retried, not before `retryAfter` if the receiver asks for that.
    case later(String, retryAfter: Duration?)
    /// The task was cancelled; the receiver may have got the event.
    case stopped
}
