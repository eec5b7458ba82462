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

    /// So many ids are looked up one by one behind a page that cannot be read.
    private static let maxLookups: Int64 = 5_000_000
    /// So many rows of a table may be out of order before its pages are not followed any more: they may lead
    /// in a circle.
    private static let maxWrong = 10_000

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

    /// Those of which the last event says so: one that was replaced may have come back elsewhere.
    static func deletedRecordings(_ old: Database) throws -> Set<Int64> {
        var ids: Set<Int64> = []
        let rows = try Row.fetchCursor(old, sql: "SELECT audio_record_id, kind FROM events ORDER BY id")
        // Behind a page that cannot be read there may be more.
        while let row = try? rows.next() {
            guard let id = Int64.fromDatabaseValue(row[0]) else { continue }
            if String.fromDatabaseValue(row[1]) == "deleted" { ids.insert(id) } else { ids.remove(id) }
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
        try readAll(table, columns, &found) { id, values, found in
            // Rubbish that no rule of the table allows, or a second row where there can be one.
            if try insert.run(values) { found.count += 1 } else { found.miss(id) }
        }
        return found
    }

    private typealias RowHandler = (Int64, [DatabaseValue], inout SalvagedTable) throws -> Void

    /// Every row that can be reached: from the beginning up to the first page that cannot be read, and from
    /// there on each by its own way down the tree.
    private func readAll(
        _ table: CatalogTable, _ columns: [String], _ found: inout SalvagedTable, _ body: RowHandler
    ) throws {
        let list = columns.joined(separator: ", ")
        guard table.hasRowid else {
            var count: Int64 = 0
            let isWhole = try readOn("SELECT 0, \(list) FROM \(table.name)") { row in
                count += 1
                try body(count, row.values, &found)
            }
            if !isWhole { found.miss(from: count + 1) }
            return
        }
        var (before, last, wrong): (Int64, Int64, Int) = (0, 0, 0)
        let isWhole = try readOn("SELECT rowid, \(list) FROM \(table.name) ORDER BY rowid") { row in
            if row.id <= last {
                // Of another page of the tree, or written twice; or its id is wrong, or the last one's.
                wrong += 1
                found.lost += 1
                guard wrong <= Self.maxWrong else { throw InconsistentRows() }
                guard row.id > before else { return }
                try new.execute(
                    sql: "DELETE FROM \(table.name) WHERE rowid = :id", arguments: ["id": last])
                found.count -= new.changesCount
                // The wrong id stands for one of these.
                if row.id > before + 1 { found.unread.append(before + 1...row.id - 1) }
            } else {
                before = last
            }
            last = row.id
            try body(row.id, row.values, &found)
        }
        if isWhole { return }
        guard let end = highestID(table.name), end <= last || end - last < Self.maxLookups else {
            let first = min(last, Int64.max - 10_001) + 1
            return try lookUp(table, list, first, first + 9_999, &found, body, isEnd: false)
        }
        if last < end {
            try lookUp(table, list, last + 1, end, &found, body, isEnd: true)
        } else {
            found.miss(from: last + 1)
        }
    }

    private func lookUp(
        _ table: CatalogTable, _ list: String, _ first: Int64, _ last: Int64, _ found: inout SalvagedTable,
        _ body: RowHandler, isEnd: Bool
    ) throws {
        for id in first...last {
            let sql = "SELECT rowid, \(list) FROM \(table.name) WHERE rowid = \(id)"
            let isRead = try readOn(sql) { row in
                guard row.id == id else { throw InconsistentRows() }
                try body(row.id, row.values, &found)
            }
            guard !isRead else { continue }
            found.miss(id)
            // How many of these ids had rows is not known: together they count as one place.
            if !isEnd { found.lost -= 1 }
        }
        if !isEnd { found.miss(from: last + 1) }
    }

    /// - Returns: false where not all could be read.
    /// - Throws: what `body` does, which is of the new file.
    private func readOn(
        _ sql: String, _ body: ((id: Int64, values: [DatabaseValue])) throws -> Void
    ) throws -> Bool {
        guard let rows = try? Row.fetchCursor(old, sql: sql) else { return false }
        while true {
            let row: (id: Int64, values: [DatabaseValue])
            do {
                guard let next = try rows.next() else { return true }
                let values = Array(next.databaseValues)
                row = (Int64.fromDatabaseValue(values[0]) ?? 0, Array(values.dropFirst()))
            } catch {
                return false
            }
            do {
                try body(row)
            } catch is InconsistentRows {
                return false
            }
        }
    }

    /// Nil where the end of the table cannot be found.
    private func highestID(_ table: String) -> Int64? {
        let own = try? Int64.fetchOne(old, sql: "SELECT rowid FROM \(table) ORDER BY rowid DESC LIMIT 1")
        let kept = try? Int64.fetchOne(old, sql: "SELECT seq FROM sqlite_sequence WHERE name = '\(table)'")
        return [own, kept].compactMap { $0 ?? nil }.max()
    }
}

/// A tree whose pages contradict each other.
private struct InconsistentRows: Error {}
