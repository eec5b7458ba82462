import GRDB

/// Reads the rows of a table in a damaged database: every row that can be reached.
struct DamagedTableReader {
    let old: Database
    let table: CatalogTable
    /// Those that are read, in this order.
    let columns: [String]
    /// Takes back the row of an id that turned out to be wrong, and returns the number of rows taken back.
    var retract: (Int64) throws -> Int = { _ in 0 }

    /// So many ids are looked up one by one behind a page that cannot be read.
    private static let maxLookups: Int64 = 5_000_000
    /// So many rows of a table may be out of order before its pages are not followed any more: they may lead
    /// in a circle.
    private static let maxWrong = 10_000

    /// Gets the id, or the row's number in a table without ids, and the values.
    typealias RowHandler = (Int64, [DatabaseValue], inout SalvagedTable) throws -> Void

    private var list: String { columns.joined(separator: ", ") }

    /// From the beginning up to the first page that cannot be read, and from there on each by its own way
    /// down the tree.
    /// - Throws: what `body` does.
    func readAll(_ found: inout SalvagedTable, _ body: RowHandler) throws {
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
                found.count -= try retract(last)
                // The wrong id stands for one of these.
                if row.id > before + 1 { found.unread.append(before + 1...row.id - 1) }
            } else {
                before = last
            }
            last = row.id
            try body(row.id, row.values, &found)
        }
        if isWhole { return }
        guard let end = highestID(), end <= last || end - last < Self.maxLookups else {
            let first = min(last, Int64.max - 10_001) + 1
            return try lookUp(first, first + 9_999, &found, body, isEnd: false)
        }
        if last < end {
            try lookUp(last + 1, end, &found, body, isEnd: true)
        } else {
            found.miss(from: last + 1)
        }
    }

    private func lookUp(
        _ first: Int64, _ last: Int64, _ found: inout SalvagedTable, _ body: RowHandler, isEnd: Bool
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
    private func highestID() -> Int64? {
        let (name, last) = (table.name, "ORDER BY rowid DESC LIMIT 1")
        let own = try? Int64.fetchOne(old, sql: "SELECT rowid FROM \(name) \(last)")
        let kept = try? Int64.fetchOne(old, sql: "SELECT seq FROM sqlite_sequence WHERE name = '\(name)'")
        return [own, kept].compactMap { $0 ?? nil }.max()
    }
}

/// A tree whose pages contradict each other.
private struct InconsistentRows: Error {}
