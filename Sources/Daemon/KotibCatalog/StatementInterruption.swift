import GRDB
import GRDBSQLite
import Synchronization

/// Interrupts the statements of one database access, running and later ones.
///
/// GRDB cancels an access by sqlite3_interrupt(), which ends only running statements: one that SQLite is
/// about to begin runs to its end. A progress handler is called again and again.
final class StatementInterruption: Sendable {
    private let isRequested = Atomic(false)
    /// Instructions of SQLite's virtual machine between two questions; some ten microseconds.
    private static let interval: CInt = 1000

    func request() { isRequested.store(true, ordering: .relaxed) }

    /// Runs `body`; its statements fail with SQLITE_INTERRUPT soon after ``request()``.
    func guarding<Value>(_ database: Database, _ body: () throws -> Value) rethrows -> Value {
        let connection = database.sqliteConnection
        sqlite3_progress_handler(
            connection, Self.interval,
            { context in
                guard let context else { return 0 }
                let interruption = Unmanaged<StatementInterruption>.fromOpaque(context).takeUnretainedValue()
                return interruption.isRequested.load(ordering: .relaxed) ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
        // The end of the transaction is not to be interrupted.
        defer { sqlite3_progress_handler(connection, 0, nil, nil) }
        return try withExtendedLifetime(self) { try body() }
    }
}
