import FoundationEssentials
import GRDB
import KotibModel

/// Something that happened to a recording, kept for a while so that who follows can go on where they stopped.
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
    public var user: UserID?
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

    /// The events after `last`. Nil where `last` is older than the events that are kept, or from
    /// another catalog: the follower must list anew.
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

/// What hooks are to be told.
public struct HookStore: CatalogStore {
    let database: CatalogDatabase

    /// Bytes of a transcript that a hook gets at most.
    public static let longestHookText = 64 << 10

    /// Sets the receivers of events from now on. Deliveries to others are deleted; without receivers no event
    /// is kept. To be called before anything can happen to a recording.
    /// - Returns: how many deliveries were forgotten.
    public func setReceivers(_ receivers: Set<HookReceiver>) async throws(CatalogError) -> Int {
        try await write("setHookReceivers") { database in
            var forgotten = 0
            for receiver in HookReceiver.allCases {
                if receivers.contains(receiver) {
                    try database.run(HookSQL.add, [receiver.rawValue])
                } else {
                    try database.run(HookSQL.remove, [receiver.rawValue])
                    try database.run(HookSQL.forget, [receiver.rawValue])
                    forgotten += database.changesCount
                }
            }
            return forgotten
        }
    }

    /// The delivery that is next for a receiver: untried ones in the order of their events, then those that
    /// were put off until now. Until it is settled or put off it stays the next.
    public func next(
        for receiver: HookReceiver, now: Date = Date()
    ) async throws(CatalogError) -> HookTurn {
        let now = now.timeIntervalSince1970
        return try await read("nextHook") { database in
            // A delivery that is put off for longer than any may be shows that the clock was set back.
            let row =
                try database.row(HookSQL.due, ["receiver": receiver.rawValue, "now": now])
                ?? database.row(
                    HookSQL.tooFarAhead,
                    ["receiver": receiver.rawValue, "latest": now + CatalogDatabase.longestDelay])
            if let row { return .delivery(try HookDelivery(row)) }
            let due: Double? = try database.row(HookSQL.nextDue, [receiver.rawValue]).flatMap { $0["due_at"] }
            return .nothing(nextDue: due.map(Date.init(timeIntervalSince1970:)))
        }
    }

    /// The receiver was told, or never will be.
    public func finish(_ delivery: Int64) async throws(CatalogError) {
        try await write("hookSettled") { try $0.run(HookSQL.settle, [delivery]) }
    }

    /// The receiver could not be told: to be tried again at `due`, at most a day ahead.
    public func postpone(
        _ delivery: Int64, until due: Date, now: Date = Date()
    ) async throws(CatalogError) {
        let due = min(due.timeIntervalSince1970, now.timeIntervalSince1970 + CatalogDatabase.longestDelay)
        try await write("hookPutOff") { try $0.run(HookSQL.putOff, ["due": due, "delivery": delivery]) }
    }

    /// How much each receiver is still to be told.
    public func pending() async throws(CatalogError) -> [HookReceiver: Int] {
        try await read("pendingHooks") { database in
            var pending: [HookReceiver: Int] = [:]
            for row in try database.rows(HookSQL.pending, []) {
                pending[try row.value("receiver")] = row["count"]
            }
            return pending
        }
    }

    /// Yields soon after each commit that added something to be told; several may give one. Ends when the
    /// task is cancelled or the catalog closed.
    public func signals() -> AsyncStream<Void> {
        database.hookEvents.stream()
    }
}

extension HookDelivery {
    fileprivate init(_ row: Row) throws {
        id = row["id"]
        attempts = row["attempts"]
        let facts: String = row["facts"]
        let words: String? = row["text"]
        let text = words.map { $0.cut(toBytes: HookStore.longestHookText) }
        event = HookEvent(
            id: row["event_id"], kind: try row.value("kind"),
            recording: RecordingID(rawValue: row["audio_record_id"]),
            user: (row["user_id"] as Int64?).map(UserID.init(rawValue:)), path: try InboxPath(row),
            facts: try JSONDecoder().decode(HookFacts.self, from: Data(facts.utf8)), text: text,
            isTextTruncated: text?.utf8.count != words?.utf8.count, time: try row.date("at"))
    }
}

extension String {
    /// The longest beginning of whole Unicode scalars that has at most so many bytes of UTF-8.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        // The bytes that continue a scalar begin with the bits 10 (RFC 3629).
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        return String(decoding: utf8[..<end], as: UTF8.self)
    }
}

enum HookSQL {
    static let add = "INSERT INTO hook_receivers (name) VALUES (?) ON CONFLICT (name) DO NOTHING"
    static let remove = "DELETE FROM hook_receivers WHERE name = ?"
    static let forget = "DELETE FROM hook_deliveries WHERE receiver = ?"

    /// One character more than there may be bytes, so that what is cut off is noticed.
    private static let delivery = """
        SELECT d.id, d.attempts, e.event_id, e.kind, e.audio_record_id, e.user_id, e.path, e.facts, e.at,
            (SELECT substr(r.text, 1, \(HookStore.longestHookText + 1)) FROM transcript_revisions r
                WHERE r.id = e.revision_id) AS text
        FROM hook_deliveries d CROSS JOIN hook_events e ON e.id = d.event
        """
    static let due = """
        \(delivery) WHERE d.receiver = :receiver AND d.due_at <= :now ORDER BY d.due_at, d.id LIMIT 1
        """
    static let tooFarAhead = """
        \(delivery) WHERE d.receiver = :receiver AND d.due_at > :latest ORDER BY d.due_at, d.id LIMIT 1
        """
    static let nextDue = "SELECT due_at FROM hook_deliveries WHERE receiver = ? ORDER BY due_at LIMIT 1"
    static let settle = "DELETE FROM hook_deliveries WHERE id = ?"
    static let putOff = """
        UPDATE hook_deliveries SET attempts = attempts + 1, due_at = :due WHERE id = :delivery
        """
    static let pending = "SELECT receiver, count(*) AS count FROM hook_deliveries GROUP BY receiver"
}
