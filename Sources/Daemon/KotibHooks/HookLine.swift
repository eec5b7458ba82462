import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import KotibRuntime
import Logging
import Synchronization

/// One receiver and the events that wait for it.
///
/// An event that cannot be told is put off for longer and longer; a receiver that cannot be told anything is
/// left alone for up to a minute, and then asked with one event whether it can (``CircuitBreaker``).
final class HookLine: Sendable {
    private struct Figures {
        var delivered = 0
        var failed = 0
        var problem: String?
    }

    /// Between the attempts at one event.
    static let backoff = Backoff(firstDelay: .seconds(2), longestDelay: .seconds(600))
    /// How long an event is worth trying, from the moment that it tells of. It is tried at least once.
    static let patience: TimeInterval = 3 * 86_400
    /// Before the catalog is asked again that could not do what it was asked.
    static let catalogPause = Duration.seconds(10)

    let name: HookReceiver
    private let receiver: any HookReceiving
    private let withText: Bool
    private let catalog: Catalog
    private let time: HookDispatcher.Time
    private let logger: Logger
    private let figures = Mutex(Figures())

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
                logger.error("hooks cannot be read", metadata: ["cause": "\(error)"])
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
                log(.warning, "hook not delivered yet", delivery, cause: cause)
            } else {
                log(.debug, "hook not delivered yet", delivery, cause: cause)
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
        logger.notice("the hook's receiver answers again", metadata: ["outage": "\(outage)"])
    }

    private func putOff(_ delivery: HookDelivery, _ cause: String, _ retryAfter: Duration?) async {
        figures.withLock { $0.problem = cause }
        var random = SystemRandomNumberGenerator()
        let delay = Self.backoff.delay(
            attempts: delivery.attempts + 1, retryAfter: retryAfter, using: &random)
        let now = time.now()
        let due = now + delay / .seconds(1)
        guard due < delivery.event.time + Self.patience else {
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
                logger.error("a hook's end cannot be recorded", metadata: ["cause": "\(error)"])
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
