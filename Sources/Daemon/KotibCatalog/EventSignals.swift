import GRDB
import Synchronization

/// Signals commits that added rows to a table. Registered as an observer of the writing connection.
final class EventSignals: TransactionObserver, Sendable {
    private struct State {
        var listeners: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var lastListener: UInt64 = 0
        var hasEvents = false
        var isFinished = false
    }

    private let table: String
    private let state = Mutex(State())

    init(table: String) { self.table = table }

    /// One signal waits at most: it says that there is something, not how much.
    func stream() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state -> UInt64? in
            guard !state.isFinished else { return nil }
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            return state.lastListener
        }
        guard let id else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: id) }
        }
        return stream
    }

    /// Ends all streams, and each that is asked for later.
    func finish() {
        let listeners = state.withLock { state in
            state.isFinished = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        // Not under the lock: ending a stream calls onTermination, which takes it.
        for listener in listeners { listener.finish() }
    }

    var listenerCount: Int { state.withLock { $0.listeners.count } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
        guard case .insert(tableName: table) = eventKind else { return false }
        return true
    }

    func databaseDidChange(with event: DatabaseEvent) {
        state.withLock { $0.hasEvents = true }
        stopObservingDatabaseChangesUntilNextTransaction()
    }

    func databaseDidCommit(_ database: Database) {
        let listeners = state.withLock { state in
            defer { state.hasEvents = false }
            return state.hasEvents ? Array(state.listeners.values) : []
        }
        for listener in listeners { listener.yield() }
    }

    func databaseDidRollback(_ database: Database) {
        state.withLock { $0.hasEvents = false }
    }
}
