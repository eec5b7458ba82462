// KotibHooks: tells a program and a server what became of recordings, from a durable list, until they know
// it.

import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import Logging

/// Works the catalog's list of events off: each receiver by itself, one event at a time, so that neither
/// holds up the other, and nothing holds up what makes the events.
public final class HookDispatcher: Sendable {
    /// The source of the time.
    public struct Time: Sendable {
        public var clock: any Clock<Duration>
        public var now: @Sendable () -> Date

        public init(
            clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() }
        ) {
            self.clock = clock
            self.now = now
        }
    }

    private let lines: [HookLine]
    private let catalog: Catalog

    /// From now on the catalog keeps what these receivers are to be told, and nothing for others. To be
    /// called before anything can happen to a recording.
    /// - Parameter withText: whether they get the words.
    public init(
        _ receivers: [any HookReceiving], withText: Bool = true, catalog: Catalog, time: Time = Time(),
        logger: Logger
    ) async throws(CatalogError) {
        self.catalog = catalog
        lines = receivers.map {
            HookLine($0, withText: withText, catalog: catalog, time: time, logger: logger)
        }
        let forgotten = try await catalog.hooks.setReceivers(Set(receivers.map(\.name)))
        if forgotten > 0 {
            logger.warning(
                "hooks forgotten: their receiver is not set up any more", metadata: ["count": "\(forgotten)"])
        }
    }

    /// Whether there is somebody to tell.
    public var isNeeded: Bool { !lines.isEmpty }

    /// Tells until the task is cancelled; what was not told stays in the catalog. To be called once.
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
