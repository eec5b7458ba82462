import Glibc

/// A file of the open catalog that is not at its path any more, or another is there.
public enum DisplacedFile: Hashable, Sendable {
    /// The database itself: what is written now is gone when it is closed.
    case database
    /// The log, or its index: closing the catalog copies it into the database.
    case log
}

/// The files of a catalog as they were when it was opened. SQLite goes on with the files that it has open,
/// and tells nobody that they were removed or replaced.
struct OpenCatalogFiles: Sendable {
    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    private let file: String
    /// By ending. What was not there is not checked.
    private let identities: [String: Identity]

    init(_ file: String) {
        self.file = file
        let pairs = ["", "-wal", "-shm"].compactMap { ending in
            Self.identity(of: file + ending).map { (ending, $0) }
        }
        identities = Dictionary(uniqueKeysWithValues: pairs)
    }

    /// Nil where all are at their paths. Opens none, since closing one would end SQLite's locks (fcntl(2)).
    var displaced: DisplacedFile? {
        let changed = identities.filter { Self.identity(of: file + $0.key) != $0.value }.keys
        if changed.contains("") { return .database }
        return changed.isEmpty ? nil : .log
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
