import FoundationEssentials
import GRDB

/// A table that a rebuild takes over.
struct CatalogTable {
    var name: String
    var hasRowid: Bool
    /// Without those that triggers keep.
    var columns: [String]

    /// Those that others refer to come first, and what is to be told last.
    private static let first = ["users", "audio_records", "transcript_revisions"]
    static let eventTables = ["events", "hook_events", "hook_deliveries", "hook_receivers"]
    /// Tables that follow from others, or belong to one file alone.
    private static let leftOut: Set = [
        "grdb_migrations", "recording_counts", "quota_room", "search_pieces", "search_due", "rebuilds",
    ]
    private static let derived: Set = [
        "users.waiting", "users.used_bytes", "users.used_files", "users.used_text",
        "transcript_revisions.charged", "transcript_revisions.charged_to",
    ]

    static func all(in database: Database) throws -> [CatalogTable] {
        let all = try Row.fetchAll(
            database,
            sql: """
                SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                    AND name NOT LIKE 'transcript_search%' ORDER BY rowid
                """
        ).filter { !leftOut.contains($0["name"]) }.map { row in
            let name: String = row["name"]
            return CatalogTable(
                name: name, hasRowid: !(row["sql"] as String).contains("WITHOUT ROWID"),
                columns: try columns(of: name, in: database).filter { !derived.contains("\(name).\($0)") })
        }
        let rank = { (table: CatalogTable) in
            first.firstIndex(of: table.name) ?? (eventTables.firstIndex(of: table.name) ?? -1) + first.count
                + 1
        }
        // Stable: what has the same rank stays in its order.
        return all.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    /// None where there is no such table.
    static func columns(of table: String, in database: Database) throws -> [String] {
        try Row.fetchAll(database, sql: "PRAGMA table_info(\(table))").map { $0["name"] }
    }
}

/// An INSERT that goes on after a row that the table's rules forbid.
struct RowInsert {
    private let database: Database
    private let sql: String
    private var statement: Statement

    init(into table: CatalogTable, _ columns: [String], _ database: Database) throws {
        self.database = database
        // By position, because columns and values come from one list.
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        sql = "INSERT INTO \(table.name) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
        statement = try database.makeStatement(sql: sql)
    }

    /// - Returns: false where no rule of the table allows it, or there is such a row already.
    mutating func run(_ values: [DatabaseValue]) throws -> Bool {
        do {
            try statement.execute(arguments: StatementArguments(values))
            return true
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            // sqlite3_reset() tells the error again, and GRDB throws it at the next row.
            statement = try database.makeStatement(sql: sql)
            return false
        }
    }
}

/// The rows that were read of one table of a damaged catalog.
struct SalvagedTable {
    var name: String
    var count = 0
    /// Rows, or places, that could not be read, or that no rule of the table allows.
    var lost = 0
    /// Ids that may have had a row; rising.
    var unread: [ClosedRange<Int64>] = []

    var isWhole: Bool { lost == 0 && unread.isEmpty }

    /// Unless all of these are as they were, somebody might get in whose session has ended since the backup.
    static let sessionTables: Set = ["users", "access_tokens", "known_peers", "steady_time"]

    init(name: String) { self.name = name }

    /// Nothing of it could be read.
    static func unreadable(_ table: CatalogTable) -> SalvagedTable {
        var result = SalvagedTable(name: table.name)
        result.unread = [1...Int64.max]
        return result
    }

    /// - Parameter id: higher than those before.
    mutating func miss(_ id: Int64) {
        lost += 1
        if let last = unread.last, last.upperBound >= id - 1 {
            unread[unread.count - 1] = last.lowerBound...max(last.upperBound, id)
        } else {
            unread.append(id...id)
        }
    }

    mutating func miss(from id: Int64) {
        lost += 1
        unread.append(id...Int64.max)
    }
}

/// Copies the readable rows of a damaged database into a new one without rows, table by table. Triggers
/// recreate derived data (counts, the search index).
struct CatalogSalvage {
    let old: Database
    let new: Database

    init(from old: Database, into new: Database) {
        self.old = old
        self.new = new
    }

    func run() throws -> [SalvagedTable] {
        let tables = try CatalogTable.all(in: new)
        var salvaged = [try keepSequences()]
        salvaged += try tables.filter { !CatalogTable.eventTables.contains($0.name) }.map(salvage)
        let isWhole = salvaged.allSatisfy(\.isWhole)
        try new.forgetHooks()
        for table in tables where CatalogTable.eventTables.contains(table.name) {
            // Of what was not as it was, who follows is told; of the rest only those who were not told yet.
            if table.name == "events" {
                guard isWhole else { continue }
                try new.execute(sql: "DELETE FROM events")
            }
            salvaged.append(try salvage(table))
        }
        return salvaged
    }

    /// Ids that were given are not given again, to events neither.
    private func keepSequences() throws -> SalvagedTable {
        var found = SalvagedTable(name: "sqlite_sequence")
        do {
            try new.raiseSequences(Row.fetchAll(old, sql: "SELECT name, seq FROM sqlite_sequence"))
        } catch {
            found.miss(1)
            for name in ["users", "audio_records", "transcript_revisions", "events", "hook_events"] {
                let last = try? Row.fetchOne(
                    old, sql: "SELECT '\(name)' AS name, max(rowid) AS seq FROM \(name)")
                try new.raiseSequences([last].compactMap { $0 ?? nil })
            }
        }
        return found
    }

    /// Those of which the last event that can be read says so: one that was replaced may have come back
    /// elsewhere.
    static func deletedRecordings(_ old: Database) throws -> Set<Int64> {
        let columns = ["audio_record_id", "kind"]
        let events = CatalogTable(name: "events", hasRowid: true, columns: columns)
        var (ids, found): (Set<Int64>, SalvagedTable) = ([], SalvagedTable(name: events.name))
        try DamagedTableReader(old: old, table: events, columns: columns).readAll(&found) { _, values, _ in
            guard let id = Int64.fromDatabaseValue(values[0]) else { return }
            if String.fromDatabaseValue(values[1]) == "deleted" { ids.insert(id) } else { ids.remove(id) }
        }
        return ids
    }

    private func salvage(_ table: CatalogTable) throws -> SalvagedTable {
        let there = Set(try CatalogTable.columns(of: table.name, in: old))
        let columns = table.columns.filter(there.contains)
        var found = SalvagedTable(name: table.name)
        // A table that an earlier version did not have.
        guard !columns.isEmpty else { return found }
        if table.name == "identity" { try new.execute(sql: "DELETE FROM identity") }
        var insert = try RowInsert(into: table, columns, new)
        var reader = DamagedTableReader(old: old, table: table, columns: columns)
        reader.retract = { id in
            try new.execute(sql: "DELETE FROM \(table.name) WHERE rowid = :id", arguments: ["id": id])
            return new.changesCount
        }
        try reader.readAll(&found) { id, values, found in
            // Rubbish that no rule of the table allows, or a second row where there can be one.
            if try insert.run(values) { found.count += 1 } else { found.miss(id) }
        }
        return found
    }
}
