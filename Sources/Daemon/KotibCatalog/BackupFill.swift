import FoundationEssentials
import GRDB
import Glibc

/// The files of the inbox, by what the catalog knows of them.
struct InboxFiles {
    /// A path.
    let root: String

    /// Whether the file at a path is as it was recorded, by size and time: in an inbox that was copied to
    /// another disk each file has another inode.
    /// - Parameters:
    ///   - path: within the inbox.
    ///   - modified: nanoseconds since 1970.
    func has(_ path: Data, size: DatabaseValue?, modified: DatabaseValue?) -> Bool {
        var status = stat()
        let name = Array(root.utf8) + [UInt8(ascii: "/")] + path + [0]
        let isFound = name.withUnsafeBytes { bytes in
            lstat(bytes.assumingMemoryBound(to: CChar.self).baseAddress!, &status) == 0
        }
        guard isFound, status.st_mode & S_IFMT == S_IFREG else { return false }
        let time = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        return size == Int64(status.st_size).databaseValue && modified == time.databaseValue
    }
}

/// Fills the rows of a damaged catalog that could not be read from a backup. The backup is older: rows that
/// were read are kept, and a backup row whose unique value is taken by now gets none.
struct BackupFill {
    let backup: Database
    let new: Database
    let deleted: Set<Int64>
    let inbox: InboxFiles?

    /// - Parameters:
    ///   - deleted: recordings that were deleted since.
    ///   - inbox: nil where it is not known.
    init(from backup: Database, into new: Database, deleted: Set<Int64>, inbox: InboxFiles? = nil) {
        self.inbox = inbox
        self.backup = backup
        self.new = new
        self.deleted = deleted
    }

    /// Tables whose earlier state would do harm: sessions and codes, intents about files, and pending events.
    static let left =
        Set(
            ["access_tokens", "known_peers", "otp_tokens", "sidecar_intents", "identity"]
                + CatalogTable.eventTables)

    struct Outcome {
        /// Rows that came from the backup.
        var rows = 0
        /// Users among them.
        var users = 0
        /// The recordings among them.
        var recordings: Set<Int64> = []
        /// Rows of the backup for which there is no place.
        var lost = 0
    }

    func run(_ salvaged: [SalvagedTable]) throws -> Outcome {
        try new.raiseSequences(Row.fetchAll(backup, sql: "SELECT name, seq FROM sqlite_sequence"))
        // Rows from the backup are no news for hooks.
        try new.execute(
            sql: """
                CREATE TEMP TABLE filled (id INTEGER PRIMARY KEY);
                CREATE TEMP TABLE receivers AS SELECT name FROM hook_receivers;
                DELETE FROM hook_receivers;
                """)
        let deleted = try deleted.union(deletedWithTheirWords(salvaged))
        var total = Outcome()
        for table in try CatalogTable.all(in: new) where table.hasRowid && !Self.left.contains(table.name) {
            guard let found = salvaged.first(where: { $0.name == table.name }) else { continue }
            let (count, lost) = try fill(table, found.unread, deleted)
            total.rows += count
            total.lost += lost
            if table.name == "users" { total.users = count }
        }
        try new.showNewestWords()
        total.recordings = try Int64.fetchSet(new, sql: "SELECT id FROM filled")
        try new.execute(
            sql: """
                INSERT INTO hook_receivers (name) SELECT name FROM receivers;
                DROP TABLE receivers;
                DROP TABLE filled;
                """)
        return total
    }

    /// Of a recording that is there the words are there.
    private func deletedWithTheirWords(_ salvaged: [SalvagedTable]) throws -> Set<Int64> {
        guard salvaged.contains(where: { $0.name == "transcript_revisions" && $0.isWhole }) else { return [] }
        let all = try Int64.fetchSet(
            backup,
            sql: "SELECT DISTINCT audio_record_id FROM transcript_revisions WHERE earlier_record IS NULL")
        let there = try Int64.fetchSet(new, sql: "SELECT DISTINCT audio_record_id FROM transcript_revisions")
        return all.subtracting(there)
    }

    private func fill(
        _ table: CatalogTable, _ unread: [ClosedRange<Int64>], _ deleted: Set<Int64>
    ) throws -> (count: Int, lost: Int) {
        var (count, lost) = (0, 0)
        let list = table.columns.joined(separator: ", ")
        var insert = try RowInsert(into: table, table.columns, new)
        for range in unread {
            let rows = try Row.fetchCursor(
                backup,
                sql: "SELECT rowid AS id_, \(list) FROM \(table.name) WHERE rowid BETWEEN :first AND :last",
                arguments: ["first": range.lowerBound, "last": range.upperBound])
            while let row = try rows.next() {
                let id: Int64 = row[0]
                var values = Dictionary(
                    uniqueKeysWithValues: zip(table.columns, row.databaseValues.dropFirst()))
                if let recording = Self.recording(of: table.name, id, values), deleted.contains(recording) {
                    continue
                }
                if try !belongs(table.name, values) { continue }
                if try put(table, &values, &insert) { count += 1 } else { lost += 1 }
                if table.name == "audio_records" {
                    try new.execute(sql: "INSERT OR IGNORE INTO filled VALUES (?)", arguments: [id])
                }
            }
        }
        return (count, lost)
    }

    private static func recording(of table: String, _ id: Int64, _ values: [String: DatabaseValue]) -> Int64?
    {
        table == "audio_records" ? id : values["audio_record_id"].flatMap { Int64.fromDatabaseValue($0) }
    }

    /// A text beside a recording may be another's by now, unless it has the name that the recording has now,
    /// or the inbox shows it: it is the very file, or its recording's audio is where it was.
    private func belongs(_ table: String, _ values: [String: DatabaseValue]) throws -> Bool {
        guard table == "sidecars" else { return true }
        return try hasNameOfKnownRecording(values) || isShownByInbox(values)
    }

    private func isShownByInbox(_ values: [String: DatabaseValue]) throws -> Bool {
        guard let inbox, let path = values["path"].flatMap(Data.fromDatabaseValue),
            let row = try Row.fetchOne(
                new,
                sql: """
                    SELECT path, file_size, modified_ns, is_current = 1 AND audio_state = 'present' AS is_there
                        FROM audio_records WHERE id = ?
                    """, arguments: [values["audio_record_id"]])
        else { return false }
        if inbox.has(path, size: values["size"], modified: values["modified_ns"]) {
            return true
        }
        guard values["kind"] == "transcript".databaseValue, row["is_there"], let audio = row["path"] as Data?,
            path.starts(with: audio + [UInt8(ascii: ".")])
        else { return false }
        // Saved since: the daemon reads it as an edit.
        return inbox.has(audio, size: row["file_size"], modified: row["modified_ns"])
    }

    private func hasNameOfKnownRecording(_ values: [String: DatabaseValue]) throws -> Bool {
        try Bool.fetchOne(
            new,
            sql: """
                SELECT 1 FROM audio_records WHERE id = :recording AND substr(:sidecar, 1, length(path)) = path
                    AND substr(:sidecar, length(path) + 1, 1) = x'2e' AND id NOT IN (SELECT id FROM filled)
                """, arguments: ["recording": values["audio_record_id"], "sidecar": values["path"]]) ?? false
    }

    /// - Returns: false where there is no place for it.
    private func put(
        _ table: CatalogTable, _ values: inout [String: DatabaseValue], _ insert: inout RowInsert
    ) throws -> Bool {
        if try isPut(table, values, &insert) { return true }
        switch table.name {
        case "users":
            // Somebody else's number by now.
            values["phone_number"] = .null
        case "audio_records":
            // Another recording is at its path: where its file is now, it is found by its content.
            values["audio_state"] = "replaced".databaseValue
            values["is_current"] = 0.databaseValue
            if ["pending", "processing"].contains(
                values["transcription_status"].flatMap(String.fromDatabaseValue))
            {
                values["transcription_status"] = "failed".databaseValue
            }
        default: return false
        }
        return try isPut(table, values, &insert)
    }

    private func isPut(
        _ table: CatalogTable, _ values: [String: DatabaseValue], _ insert: inout RowInsert
    ) throws -> Bool {
        try insert.run(table.columns.map { values[$0] ?? .null })
    }
}

extension Database {
    /// - Parameter rows: of `sqlite_sequence`.
    func raiseSequences(_ rows: [Row]) throws {
        for row in rows {
            guard let name = String.fromDatabaseValue(row["name"]),
                let seq = Int64.fromDatabaseValue(row["seq"]),
                try tableExists(name)
            else { continue }
            try execute(
                sql: """
                    INSERT INTO sqlite_sequence (name, seq) SELECT :name, 0
                        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)
                    """, arguments: ["name": name])
            try execute(
                sql: "UPDATE sqlite_sequence SET seq = max(seq, :seq) WHERE name = :name",
                arguments: ["name": name, "seq": seq])
        }
    }

    func takeIdentity(from other: Database) throws {
        guard let identity = try CatalogContents.identity(other) else { return }
        try execute(sql: "UPDATE identity SET value = ?", arguments: [identity])
    }

    /// Recordings as a backup knew them may have had words since.
    fileprivate func showNewestWords() throws {
        try execute(
            sql: """
                CREATE TEMP TABLE newest AS
                    SELECT a.id, max(r.id) AS revision FROM filled f JOIN audio_records a ON a.id = f.id
                        JOIN transcript_revisions r ON r.audio_record_id = a.id AND r.earlier_record IS NULL
                    WHERE a.transcription_status <> 'rejected' GROUP BY a.id
                    HAVING max(r.id) > coalesce(a.revision_id, 0);
                UPDATE audio_records SET transcription_status = 'completed', error_code = NULL, error_message = NULL,
                    due_at = NULL, revision_id = (SELECT revision FROM newest n WHERE n.id = audio_records.id),
                    transcript_text = (SELECT text FROM newest n JOIN transcript_revisions r ON r.id = n.revision
                        WHERE n.id = audio_records.id),
                    completed_at = coalesce(completed_at, (SELECT r.created_at FROM newest n
                        JOIN transcript_revisions r ON r.id = n.revision WHERE n.id = audio_records.id))
                    WHERE id IN (SELECT id FROM newest);
                DROP TABLE newest;
                """)
    }
}
