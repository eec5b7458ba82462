import FoundationEssentials
import GRDB
import KotibModel

/// Takes what can be read out of a damaged database into a sound one, table by table. Rows that are there
/// already are brought up to date. What follows from others (counts, the index of words) triggers make anew;
/// events and hooks that were not told are left.
struct CatalogSalvage {
    let old: Database
    let new: Database

    init(from old: Database, into new: Database) {
        self.old = old
        self.new = new
    }

    /// Those that others refer to come first.
    private static let first = ["users", "audio_records", "transcript_revisions"]
    private static let leftOut: Set = [
        "grdb_migrations", "recording_counts", "events", "hook_receivers", "hook_events", "hook_deliveries",
        "quota_room", "search_pieces", "search_due", "rebuilds",
    ]
    /// Kept by triggers.
    private static let derived: Set = [
        "users.waiting", "users.used_bytes", "users.used_files", "users.used_text",
        "transcript_revisions.charged", "transcript_revisions.charged_to",
    ]
    /// So many ids are looked up one by one behind a page that cannot be read.
    private static let mostLookups: Int64 = 5_000_000

    func run() throws -> (rows: [(table: String, count: Int)], lost: Int) {
        // A backup may still have somebody to tell: of all that comes in they would be told again.
        for table in ["hook_deliveries", "hook_events", "hook_receivers"] {
            try new.execute(sql: "DELETE FROM \(table)")
        }
        var (rows, lost): ([(table: String, count: Int)], Int) = ([], 0)
        for table in try tables() {
            let found = try take(table)
            rows.append((table.name, found.count))
            lost += found.lost
        }
        return (rows, lost)
    }

    private struct Table {
        var name: String
        var hasRowid: Bool
    }

    private func tables() throws -> [Table] {
        let all = try Row.fetchAll(
            new,
            sql: """
                SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                    AND name NOT LIKE 'transcript_search%' ORDER BY rowid
                """
        ).map { row in
            Table(name: row["name"], hasRowid: !(row["sql"] as String).contains("WITHOUT ROWID"))
        }.filter { !Self.leftOut.contains($0.name) }
        return Self.first.compactMap { name in all.first { $0.name == name } }
            + all.filter { !Self.first.contains($0.name) }
    }

    private func take(_ table: Table) throws -> (count: Int, lost: Int) {
        let target = try Row.fetchAll(new, sql: "PRAGMA table_info(\(table.name))")
        // A table that an earlier version did not have has no columns.
        let there = Set(
            try Row.fetchAll(old, sql: "PRAGMA table_info(\(table.name))").map { $0["name"] as String })
        let columns = target.map { $0["name"] as String }
            .filter { there.contains($0) && !Self.derived.contains("\(table.name).\($0)") }
        guard !columns.isEmpty else { return (0, 0) }
        let keys = target.filter { ($0["pk"] as Int) > 0 }.map { $0["name"] as String }
        let insert = try new.makeStatement(sql: Self.insert(table.name, columns, keys))
        var (count, lost) = (0, 0)
        let unread = readAll(table, columns) { values in
            do {
                try insert.execute(arguments: StatementArguments(values))
                count += 1
            } catch {
                // Rubbish that no rule of the table allows, or a second row where there can be one.
                lost += 1
            }
        }
        return (count, lost + unread)
    }

    private static func insert(_ table: String, _ columns: [String], _ keys: [String]) -> String {
        let list = columns.joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let changes = columns.filter { !keys.contains($0) }.map { "\($0) = excluded.\($0)" }
        let conflict =
            keys.isEmpty || changes.isEmpty
            ? "ON CONFLICT DO NOTHING"
            : "ON CONFLICT (\(keys.joined(separator: ", "))) DO UPDATE SET \(changes.joined(separator: ", "))"
        return "INSERT INTO \(table) (\(list)) VALUES (\(marks)) \(conflict)"
    }

    /// Every row that can be reached: from the beginning up to the first page that cannot be read, and from
    /// there on each by its own way down the tree.
    /// - Returns: how often nothing could be read.
    private func readAll(
        _ table: Table, _ columns: [String], _ body: ([DatabaseValue]) -> Void
    ) -> Int {
        let list = columns.joined(separator: ", ")
        guard table.hasRowid else {
            let isWhole = readOn("SELECT 0, \(list) FROM \(table.name)") { body($0.values) }
            return isWhole ? 0 : 1
        }
        var last: Int64 = 0
        let isWhole = readOn("SELECT rowid, \(list) FROM \(table.name) ORDER BY rowid") { row in
            last = row.id
            body(row.values)
        }
        if isWhole { return 0 }
        let end = max(last, highestID(table.name) ?? last + 10_000)
        guard last < end, end < last + Self.mostLookups else { return 1 }
        var unread = 0
        for id in (last + 1)...end {
            let sql = "SELECT rowid, \(list) FROM \(table.name) WHERE rowid = \(id)"
            if !readOn(sql, { body($0.values) }) { unread += 1 }
        }
        return unread
    }

    /// - Returns: false where not all could be read.
    private func readOn(_ sql: String, _ body: ((id: Int64, values: [DatabaseValue])) -> Void) -> Bool {
        do {
            let rows = try Row.fetchCursor(old, sql: sql)
            while let row = try rows.next() {
                let values = Array(row.databaseValues)
                body((Int64.fromDatabaseValue(values[0]) ?? 0, Array(values.dropFirst())))
            }
            return true
        } catch {
            return false
        }
    }

    private func highestID(_ table: String) -> Int64? {
        let own = try? Int64.fetchOne(old, sql: "SELECT rowid FROM \(table) ORDER BY rowid DESC LIMIT 1")
        let kept = try? Int64.fetchOne(old, sql: "SELECT seq FROM sqlite_sequence WHERE name = '\(table)'")
        return [own, kept].compactMap { $0 ?? nil }.max()
    }
}

extension Database {
    /// Recordings whose user's row is lost are still in that user's folder.
    /// - Returns: how many users were made.
    func addMissingUsers(_ now: Date) throws -> Int {
        let missing = try Row.fetchAll(
            self,
            sql: """
                SELECT user_id, min(path) AS path FROM audio_records a
                WHERE user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = a.user_id)
                GROUP BY user_id
                """)
        var count = 0
        for row in missing {
            guard let path = (row["path"] as Data?).flatMap({ InboxPath(Array($0)) }) else { continue }
            let id: Int64 = row["user_id"]
            if let other = try userIfKnown(path.user) {
                try execute(
                    sql: "UPDATE audio_records SET user_id = ? WHERE user_id = ?",
                    arguments: [other.rawValue, id])
            } else {
                try execute(
                    sql: "INSERT INTO users (id, folder, created_at) VALUES (?, ?, ?)",
                    arguments: [id, Data(path.user), Timestamp.text(now)])
                count += 1
                // Counts as its triggers would have done if it had been there.
                try execute(sql: Self.recount, arguments: [id])
            }
        }
        return count
    }

    private static let recount = """
        UPDATE users SET
            used_bytes = (SELECT coalesce(sum(file_size), 0) FROM audio_records a WHERE a.user_id = users.id
                AND a.transcription_status <> 'rejected' AND a.audio_state = 'present'),
            used_files = (SELECT count(*) FROM audio_records a WHERE a.user_id = users.id
                AND a.transcription_status <> 'rejected' AND a.audio_state = 'present'),
            waiting = (SELECT count(*) FROM audio_records a WHERE a.user_id = users.id
                AND a.transcription_status = 'pending' AND a.audio_state = 'present' AND a.due_at IS NULL),
            used_text = (SELECT coalesce(sum(charged), 0) FROM transcript_revisions r WHERE r.charged_to = users.id)
        WHERE id = ?
        """

    /// Rows that refer to what is lost.
    func removeOrphans() throws -> Int {
        // The one table without rowids: sessions of users that are lost.
        try execute(sql: "DELETE FROM access_tokens WHERE user_id NOT IN (SELECT id FROM users)")
        var count = changesCount
        while true {
            // With a recording its words may go, which then refer to nothing.
            let before = count
            for row in try Row.fetchAll(self, sql: "PRAGMA foreign_key_check") {
                guard let table: String = row["table"], let id: Int64 = row["rowid"] else { continue }
                try execute(sql: "DELETE FROM \(table) WHERE rowid = ?", arguments: [id])
                count += changesCount
            }
            if count == before { return count }
        }
    }

    /// The words that a recording shows, where the revision that they come from is lost.
    func keepShownWords() throws {
        try execute(
            sql: """
                INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, language, created_at)
                    SELECT a.id, CASE WHEN a.engine IS NULL THEN 'sidecar' ELSE 'engine' END, a.transcript_text, '[]',
                        a.language, a.updated_at
                    FROM audio_records a
                    WHERE a.transcript_text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM transcript_revisions r
                        WHERE r.id = a.revision_id AND r.audio_record_id = a.id);
                UPDATE audio_records SET revision_id =
                        (SELECT max(r.id) FROM transcript_revisions r WHERE r.audio_record_id = audio_records.id)
                    WHERE transcript_text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM transcript_revisions r
                        WHERE r.id = revision_id AND r.audio_record_id = audio_records.id);
                """)
    }
}
