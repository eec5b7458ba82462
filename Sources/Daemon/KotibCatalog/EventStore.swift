import FoundationEssentials
import GRDB
import KotibModel
import Synchronization

/// An event of a recording, kept for a while so that followers can resume.
public struct CatalogEvent: Hashable, Sendable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// A row was added, or its state, its audio's state or its name changed.
        case changed
        /// Its words changed.
        case edited
        case deleted
    }

    /// Rising, never used again.
    public var id: Int64
    public var kind: Kind
    public var recording: RecordingID
    var user: UserID?
    /// The recording's text form of its path.
    public var file: String
    public var state: RecordingState
    public var audio: AudioState
    public var time: Date
}

/// A page of events, oldest first.
public struct EventPage: Hashable, Sendable {
    public var events: [CatalogEvent]
    /// The id to go on from. Events of others up to it need not be read again.
    public var upTo: Int64
}

/// The events that are kept for followers.
public struct EventStore: CatalogStore {
    let database: CatalogDatabase

    /// The events after `last`. Nil if `last` is older than the events that are kept, or from another
    /// catalog: the follower must fetch the list again.
    public func page(
        after last: Int64, in scope: AccessScope, limit: Int
    ) async throws(CatalogError) -> EventPage? {
        try await read("events") { database in
            // Pruning leaves some: an empty table has never had any.
            let kept = try database.row(EventSQL.kept, [])
            let (oldest, newest): (Int64, Int64) = (kept?["oldest"] ?? 1, kept?["newest"] ?? 0)
            guard last >= oldest - 1, last <= newest else { return nil }
            let page: StatementArguments = ["last": last, "user": scope.user, "limit": max(limit, 0)]
            let events = try database.rows(EventSQL.page, page).map(CatalogEvent.init)
            // A full page may have left some out.
            let upTo = events.count < limit ? newest : events.last?.id ?? last
            return EventPage(events: events, upTo: upTo)
        }
    }

    /// The id of the last event; 0 before the first.
    public func last() async throws(CatalogError) -> Int64 {
        try await read("lastEvent") { try $0.row(EventSQL.kept, [])?["newest"] ?? 0 }
    }

    /// Yields soon after each commit that added an event; several may give one. Ends when the task is
    /// cancelled or the catalog closed.
    public func signals() -> AsyncStream<Void> {
        database.signals.stream()
    }
}

extension CatalogEvent {
    fileprivate init(_ row: Row) throws {
        id = row["id"]
        kind = try row.value("kind")
        recording = RecordingID(rawValue: row["audio_record_id"])
        user = (row["user_id"] as Int64?).map(UserID.init(rawValue:))
        file = row["file"]
        state = try row.value("status")
        audio = try row.value("audio_state")
        time = try row.date("at")
    }
}

enum EventSQL {
    /// Two steps down the key; min() and max() in one query would read the whole table.
    static let kept = "SELECT (SELECT min(id) FROM events) AS oldest, (SELECT max(id) FROM events) AS newest"
    static let page = """
        SELECT * FROM events WHERE id > :last AND (:user IS NULL OR user_id = :user) ORDER BY id LIMIT :limit
        """
}

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
