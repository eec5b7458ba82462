import FoundationEssentials
import GRDB
import Glibc

/// The place of a backup of the catalog.
public enum BackupOutcome: Hashable, Sendable {
    /// It replaced the earlier backup.
    case replaced
    /// The earlier backup holds rows that the catalog lacks and is kept; the new one is in another file.
    case beside(file: String)
}

/// The open catalog, to be copied.
struct BackupSource: Sendable {
    let catalog: any DatabaseWriter
    /// Whether its file was removed or replaced: a further connection would have another file, so that the
    /// one that writes is used, which delays writes.
    let isDisplaced: Bool

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        isDisplaced ? try catalog.writeWithoutTransaction(body) : try catalog.read(body)
    }
}

/// Operations on catalog files that are not open.
enum CatalogFiles {
    /// The files that SQLite keeps beside a database in WAL mode.
    static let companions = ["-wal", "-shm", "-journal"]

    static func secondBackup(_ backup: String) -> String { backup + ".second" }

    /// - Throws: `DatabaseError`, ``CatalogError``.
    static func backUp(_ source: BackupSource, to file: String) throws -> BackupOutcome {
        let second = secondBackup(file)
        guard let earlier = CatalogContents.of(file) else {
            try copy(source, to: file)
            return .replaced
        }
        let now = try source.read(CatalogContents.init)
        if earlier.hasMore(than: now) {
            try copy(source, to: second)
            return .beside(file: second)
        }
        try copy(source, to: file)
        if let other = CatalogContents.of(second), !other.hasMore(than: now) { remove(second) }
        return .replaced
    }

    /// - Throws: `DatabaseError`, ``CatalogError``.
    static func copy(_ source: BackupSource, to file: String) throws {
        let new = file + ".new"
        remove(new)
        try create(new)
        do {
            let queue = try DatabaseQueue(path: new, configuration: configuration())
            try source.read { open in
                try queue.writeWithoutTransaction { try open.backup(to: $0) }
            }
            try queue.writeWithoutTransaction { database in
                // The copy of a database in WAL mode is in it, too, and would have companions.
                try database.execute(sql: "PRAGMA journal_mode = DELETE")
            }
            try check(queue, new)
            try queue.close()
            try move(new, to: file)
        } catch {
            remove(new)
            throw error
        }
    }

    /// Foreign keys are looked at afterwards, where rows come in no order.
    static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        configuration.label = "kotib.catalog.copy"
        return configuration
    }

    /// - Throws: ``CatalogError``: ``CatalogError/Code/corrupt``.
    static func check(_ database: any DatabaseReader, _ file: String) throws {
        let finding = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard finding == "ok" else {
            throw CatalogError(
                code: .corrupt, operation: "quick_check", message: finding ?? "no answer", file: file)
        }
    }

    /// On the disk before the earlier file is gone.
    static func move(_ new: String, to file: String) throws {
        try sync(new)
        guard rename(new, file) == 0 else { throw fault("rename", file) }
        try syncFolder(of: file)
    }

    static func sync(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw fault("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault("fsync", path) }
    }

    static func syncFolder(of path: String) throws { try sync(folder(of: path)) }

    private static func folder(of path: String) -> String {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        return end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// If root made the file, the daemon's own account is to read it.
    static func giveToOwnerOfFolder(_ path: String) {
        var status = stat()
        guard geteuid() == 0, stat(folder(of: path), &status) == 0 else { return }
        _ = lchown(path, status.st_uid, status.st_gid)
    }

    /// The time of the last change of the content, for the name of a copy.
    static func time(of status: stat) -> String {
        let seconds = TimeInterval(status.st_mtim.tv_sec) + TimeInterval(status.st_mtim.tv_nsec) / 1e9
        return Timestamp.text(Date(timeIntervalSince1970: seconds)).filter { $0.isNumber || $0.isLetter }
    }

    static func isSameFile(_ path: String, _ other: String) -> Bool {
        var (one, two) = (stat(), stat())
        guard lstat(path, &one) == 0, lstat(other, &two) == 0 else { return false }
        return one.st_dev == two.st_dev && one.st_ino == two.st_ino
    }

    static func create(_ path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw fault("open", path) }
        close(descriptor)
    }

    /// A copy that is readable by its owner only.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/full`` where the disk is.
    static func copyBytes(of path: String, to copy: String) throws {
        let source = open(path, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw fault("open", path) }
        defer { close(source) }
        let target = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard target >= 0 else { throw fault("open", copy) }
        defer { close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count >= 0 else { throw fault("read", path) }
            if count == 0 { return }
            try append(buffer[..<count], to: target, copy)
        }
    }

    /// Puts a file of these bytes at the path, whole or not at all; on the disk when this returns.
    /// - Throws: ``CatalogError``.
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let new = path + ".new"
        unlink(new)
        let target = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard target >= 0 else { throw fault("open", new) }
        defer { close(target) }
        do {
            try append(bytes[...], to: target, new)
            giveToOwnerOfFolder(new)
            try move(new, to: path)
        } catch {
            unlink(new)
            throw error
        }
    }

    private static func append(_ bytes: ArraySlice<UInt8>, to target: Int32, _ path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let result = rest.withUnsafeBytes { write(target, $0.baseAddress, $0.count) }
            guard result > 0 else { throw fault("write", path) }
            rest = rest.dropFirst(result)
        }
    }

    static func remove(_ path: String) {
        for name in [path] + companions.map({ path + $0 }) { unlink(name) }
    }

    /// Bytes; nil where there is no such file.
    static func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func fault(_ operation: String, _ path: String) -> CatalogError {
        let code: CatalogError.Code =
            switch errno {
            case ENOSPC, EDQUOT: .full
            case EFBIG: .tooLarge
            case EIO: .inputOutput
            default: .inaccessible
            }
        return CatalogError(
            code: code, operation: operation, message: String(cString: strerror(errno)), file: path)
    }
}
