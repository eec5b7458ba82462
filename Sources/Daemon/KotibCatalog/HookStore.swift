import FoundationEssentials
import GRDB
import KotibModel

/// Events that hooks have not been told yet.
public struct HookStore: CatalogStore {
    let database: CatalogDatabase

    /// Bytes of a transcript that a hook gets at most.
    static let longestHookText = 64 << 10

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
    ) async throws(CatalogError) -> NextHookDelivery {
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
