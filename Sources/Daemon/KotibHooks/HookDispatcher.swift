// KotibHooks: tells a program and a server what became of recordings, from a durable list, until they know
// it.

import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import Logging

/// Delivers the catalog's hook events: one event at a time for each receiver, so that neither receiver delays
/// the other or the producers of events.
public final class HookDispatcher: Sendable {
    /// The source of the time.
    public struct Time: Sendable {
        var clock: any Clock<Duration>
        var now: @Sendable () -> Date

        public init(
            clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() }
        ) {
            self.clock = clock
            self.now = now
        }
    }

    private let lines: [HookDeliverer]
    private let catalog: Catalog

    /// Sets the receivers in the catalog, which keeps events for these from now on. To be called before
    /// anything can happen to a recording.
    /// - Parameter withText: whether events include the words.
    public init(
        _ receivers: [any HookReceiving], withText: Bool = true, catalog: Catalog, time: Time = Time(),
        logger: Logger
    ) async throws(CatalogError) {
        self.catalog = catalog
        lines = receivers.map {
            HookDeliverer($0, withText: withText, catalog: catalog, time: time, logger: logger)
        }
        let forgotten = try await catalog.hooks.setReceivers(Set(receivers.map(\.name)))
        if forgotten > 0 {
            logger.warning(
                "pending hooks deleted: receiver no longer configured", metadata: ["count": "\(forgotten)"])
        }
    }

    /// Whether there is any receiver.
    public var isNeeded: Bool { !lines.isEmpty }

    /// Delivers until the task is cancelled; other events stay in the catalog. To be called once.
    public func run() async {
        await withDiscardingTaskGroup { group in
            for line in lines { group.addTask { await line.run() } }
        }
    }

    /// One for each receiver.
    public func health() async throws(CatalogError) -> [HookHealth] {
        guard isNeeded else { return [] }
        let pending = try await catalog.hooks.pending()
        return lines.map { $0.health(pending: pending[$0.name, default: 0]) }
    }
}
