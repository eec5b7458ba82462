import GRDB
import GRDBSQLite
import Glibc

/// The tables of a database file that is not open yet, which may be another program's.
struct CatalogSchema: Hashable, Sendable {
    /// Tables, indexes, views and triggers.
    var count: Int
    /// Whether they are a catalog's: GRDB's table of migrations, which other programs have too, with Kotib's
    /// tables, or alone as in a catalog that is just being made.
    var isCatalog: Bool

    /// The table of migrations and its index.
    private static let countOfMigrations = 2

    /// Milliseconds to wait for another process.
    private static let busyTimeout: CInt = 5000

    /// Reads the file without its log. Nothing is written, no file is made, and no lock is taken
    /// (https://www.sqlite.org/c3ref/open.html, `immutable`).
    /// - Throws: ``CatalogError``: ``CatalogError/Code/corrupt`` also where it is no database.
    static func of(_ file: String) throws(CatalogError) -> CatalogSchema {
        try read(file, "immutable=1")
    }

    /// Reads the file with its log. Neither is written, but the log's index is.
    /// - Throws: ``CatalogError``.
    static func withLog(of file: String) throws(CatalogError) -> CatalogSchema {
        try read(file, "mode=ro")
    }

    /// Whether the file begins as a database does (https://www.sqlite.org/fileformat2.html#database_header).
    static func isDatabase(_ file: String) -> Bool {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16)
        return pread(descriptor, &bytes, 16, 0) == 16 && bytes == Array("SQLite format 3\0".utf8)
    }

    private static func read(_ file: String, _ parameter: String) throws(CatalogError) -> CatalogSchema {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        let failure = { (result: CInt) in
            let message = connection.map { String(cString: sqlite3_errmsg($0)) } ?? "SQLite error \(result)"
            return CatalogError(
                code: CatalogError.Code(ResultCode(rawValue: result)), operation: "open", message: message,
                file: file)
        }
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
        var result = sqlite3_open_v2(address(of: file, parameter), &connection, flags, nil)
        guard result == SQLITE_OK else { throw failure(result) }
        sqlite3_busy_timeout(connection, busyTimeout)
        let sql = """
            SELECT count(*), count(*) FILTER (WHERE name = 'grdb_migrations'),
                count(*) FILTER (WHERE name = 'audio_records') FROM sqlite_master
            """
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        result = sqlite3_prepare_v2(connection, sql, -1, &statement, nil)
        guard result == SQLITE_OK else { throw failure(result) }
        result = sqlite3_step(statement)
        guard result == SQLITE_ROW else { throw failure(result) }
        let count = Int(sqlite3_column_int64(statement, 0))
        let isMigrated = sqlite3_column_int(statement, 1) == 1
        let hasRecordings = sqlite3_column_int(statement, 2) == 1
        return CatalogSchema(
            count: count, isCatalog: isMigrated && (hasRecordings || count <= countOfMigrations))
    }

    /// https://www.sqlite.org/uri.html
    private static func address(of file: String, _ parameter: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var path = ""
        for byte in file.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
                UInt8(ascii: "-"):
                path.unicodeScalars.append(Unicode.Scalar(byte))
            default: path += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        // Two slashes at the beginning of a path would be followed by the name of a machine.
        return "file:" + (path.hasPrefix("/") ? "//" : "") + path + "?" + parameter
    }
}
