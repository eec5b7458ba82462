import GRDB
import Glibc

/// A loss of committed rows that was detected when the catalog was opened. SQLite does not report it: it
/// reads the log as far as the checksums agree, and takes a missing log for an empty one.
public enum CatalogLoss: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The log is gone, although the catalog was not closed.
    case logMissing(String)
    /// The log is empty, although its index has commits that are not in the database yet.
    case logEmpty(String)
    /// Commits behind an unreadable place in the log. The log is kept in `copy`.
    case logDamaged(String, copy: String?)
    /// The backup has rows that the catalog has never had.
    case behindBackup(String)

    public var description: String {
        switch self {
        case .logMissing(let log):
            "the log \(log) is gone, although kotibd did not end in order; what was written last is lost"
        case .logEmpty(let log):
            "the log \(log) is empty, although its index knows of commits; what was written last is lost"
        case .logDamaged(let log, let copy):
            "the log \(log) is damaged; what was written last is lost"
                + (copy.map { "; the log as it was is \($0)" } ?? "")
        case .behindBackup(let backup):
            "the backup \(backup) has rows that the catalog has not; to go back to it stop kotibd, move the catalog "
                + "away and run kotibd --rebuild"
        }
    }
}

extension CatalogLoss {
    /// - Throws: ``CatalogError/Code/missing`` where there is no catalog, but its backup or its log.
    static func refuseMissing(_ file: String, backup: String?) throws(CatalogError) {
        let size = CatalogFiles.size(file)
        guard size ?? 0 == 0 else { return }
        // An empty backup, too, is a sign: the daemon writes none.
        let backups = [backup, backup.map(CatalogFiles.secondBackup)].compactMap { $0 }
        let log = file + "-wal"
        guard
            let sign = backups.first(where: CatalogFiles.exists)
                ?? (CatalogFiles.size(log) ?? 0 > 0 ? log : nil)
        else { return }
        throw CatalogError(
            code: .missing, operation: "open",
            message: "it \(size == nil ? "is gone" : "is empty"), but \(sign) is there", file: file)
    }

    /// To be called before SQLite opens the catalog, which writes to it.
    /// - Throws: ``CatalogError/Code/missing`` where the file is a database without Kotib's tables: without
    ///   any, beside a backup, or with another program's. ``CatalogError/Code/corrupt`` where it is none.
    static func refuseForeign(_ file: String, backup: String?) throws(CatalogError) {
        guard CatalogFiles.size(file) ?? 0 > 0 else { return }
        let schema = try schema(of: file)
        if schema.isCatalog { return }
        let backups = [backup, backup.map(CatalogFiles.secondBackup)].compactMap { $0 }
        let message: String
        if schema.count > 0 {
            message = "it has tables, but none of Kotib's"
        } else if let sign = backups.first(where: CatalogFiles.exists) {
            message = "it has no tables, but \(sign) is there"
        } else {
            return
        }
        throw CatalogError(code: .missing, operation: "open", message: message, file: file)
    }

    /// The file alone tells whose it is: SQLite takes any log at its path for its own. But the tables of a
    /// new catalog may all be in the log still, and a crash while they were copied leaves a part of them.
    private static func schema(of file: String) throws(CatalogError) -> CatalogSchema {
        let hasLog = CatalogFiles.size(file + "-wal") ?? 0 > 0
        do throws(CatalogError) {
            let schema = try CatalogSchema.of(file)
            return schema.count == 0 && hasLog ? try CatalogSchema.withLog(of: file) : schema
        } catch {
            guard error.code == .corrupt, hasLog, CatalogSchema.isDatabase(file) else { throw error }
            return try CatalogSchema.withLog(of: file)
        }
    }

    /// To be called before SQLite opens the catalog, which begins its log anew.
    static func ofLog(_ file: String) -> [CatalogLoss] {
        let log = file + "-wal"
        // Closing removes the index before the log.
        guard CatalogFiles.exists(log) else {
            return CatalogFiles.size(file) ?? 0 > 0 && CatalogFiles.exists(file + "-shm")
                ? [.logMissing(log)] : []
        }
        if CatalogFiles.size(log) == 0 {
            return WriteAheadLog.hasUnsavedCommits(index: file + "-shm") ? [.logEmpty(log)] : []
        }
        guard WriteAheadLog.hasLostCommits(log) else { return [] }
        return [.logDamaged(log, copy: copy(log))]
    }

    /// Copies a log, under the same name each time: a start that was killed has done it perhaps.
    /// - Returns: nil if it cannot be copied.
    private static func copy(_ log: String) -> String? {
        var status = stat()
        guard stat(log, &status) == 0 else { return nil }
        let copy = "\(log).damaged-\(CatalogFiles.time(of: status))"
        if CatalogFiles.exists(copy) { return copy }
        let new = copy + ".new"
        unlink(new)
        do {
            try CatalogFiles.copyBytes(of: log, to: new)
            CatalogFiles.giveToOwnerOfFolder(new)
            try CatalogFiles.move(new, to: copy)
            return copy
        } catch {
            unlink(new)
            return nil
        }
    }

    /// Whether a backup of this catalog has ids that the catalog has not given yet.
    static func isBehind(_ catalog: any DatabaseReader, _ backup: String) -> Bool {
        let read = { (database: Database) in
            (ids: try CatalogContents.lastIDs(database), identity: try CatalogContents.identity(database))
        }
        guard let own = try? catalog.read(read), let other = CatalogContents.read(backup, read) else {
            return false
        }
        if let identity = own.identity, let another = other.identity, identity != another { return false }
        return other.ids.recording > own.ids.recording || other.ids.revision > own.ids.revision
    }
}
