import GRDB
import GRDBSQLite
import Glibc
import Synchronization

/// A file of the open catalog that is not at its path any more, or another is there.
public enum DisplacedFile: Hashable, Sendable {
    /// The database itself: what is written now is gone when it is closed.
    case database
    /// The log, or its index: closing the catalog copies it into the database.
    case log
}

/// The files of a catalog as they were when it was opened. SQLite goes on with the files that it has open,
/// tells nobody that they were removed or replaced, and opens those of a further connection by their paths.
final class OpenCatalogFiles: Sendable {
    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    let file: String
    /// By ending. What was not there is not checked.
    private let identities: Mutex<[String: Identity]>

    /// - Parameter endings: of the files that are those of the catalog by now.
    init(_ file: String, endings: [String] = ["", "-wal", "-shm"]) {
        self.file = file
        identities = Mutex(Self.identities(of: file, endings))
    }

    /// To be called when the first connection has made the log and its index, or begun them anew.
    func noteLog() {
        let log = Self.identities(of: file, ["-wal", "-shm"])
        identities.withLock { $0.merge(log) { $1 } }
    }

    /// Nil where all are at their paths. Opens none, since closing one would end SQLite's locks (fcntl(2)).
    var displaced: DisplacedFile? {
        let changed = identities.withLock { $0 }.filter { Self.identity(of: file + $0.key) != $0.value }.keys
        if changed.contains("") { return .database }
        return changed.isEmpty ? nil : .log
    }

    /// Refuses a new connection to another file than those before it have open. To be called before it reads:
    /// SQLite would take the log that is at the path for the other file's, and empty the index under the
    /// connection that writes.
    /// - Throws: ``CatalogError/Code/displaced``.
    func check(_ connection: Database) throws {
        var hasMoved: CInt = 1
        let result = sqlite3_file_control(
            connection.sqliteConnection, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
        guard result == SQLITE_OK, hasMoved == 0, isInPlace("") else {
            throw displacement(
                "it was removed or replaced while open; stop kotibd, move away what is in its place, and run "
                    + "kotibd --rebuild")
        }
        // An index that is gone is no harm: within one process all connections share the open one.
        guard isInPlace("-wal") else {
            throw displacement("its log was removed or replaced while open; restart kotibd")
        }
    }

    private func isInPlace(_ ending: String) -> Bool {
        guard let identity = identities.withLock({ $0[ending] }) else { return true }
        return Self.identity(of: file + ending) == identity
    }

    private func displacement(_ message: String) -> CatalogError {
        CatalogError(code: .displaced, operation: "open", message: message, file: file)
    }

    private static func identities(of file: String, _ endings: [String]) -> [String: Identity] {
        let pairs = endings.compactMap { ending in identity(of: file + ending).map { (ending, $0) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
