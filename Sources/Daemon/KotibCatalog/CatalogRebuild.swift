import FoundationEssentials
import GRDB
import Glibc
import KotibModel

/// The outcome of a rebuild.
public struct RebuildReport: Sendable {
    /// The path that the earlier file was renamed to. Nil if there was none.
    public var setAside: String?
    /// Whether it began with the backup.
    public var beganWithBackup = false
    /// Rows that were read out of the earlier file, by table.
    public var rows: [(table: String, count: Int)] = []
    /// Rows that could not be read, or contradict others; they are in the file that was set aside.
    public var lost = 0
    /// Users of whom only their folder is known.
    public var usersByFolder = 0
}

/// Makes a catalog anew out of a backup and of what can be read of the earlier one, table by table and row by
/// row.
///
/// Everything else comes from the inbox at the next start: recordings are found again, and where a text
/// stands beside one that the catalog does not know, that is its words. The earlier file is set aside and
/// never written.
public struct CatalogRebuild: Sendable {
    let file: String
    let backup: String

    /// - Parameters:
    ///   - file: the catalog. Nobody may have it open.
    ///   - backup: a copy of ``Catalog/backUp(to:)``; need not be there.
    public init(file: String, backup: String) {
        self.file = file
        self.backup = backup
    }

    /// - Throws: ``CatalogError``; the earlier file has its place then, as it was.
    public func run(now: Date = Date()) async throws(CatalogError) -> RebuildReport {
        let (new, evidence) = (file + ".rebuilt", file + ".salvage")
        let result: Result<RebuildReport, CatalogError> = await Catalog.onThread {
            defer { for name in [new, evidence] { CatalogFiles.remove(name) } }
            return Result { try make(new, evidence, now) }
                .mapError { CatalogError($0, operation: "rebuild", file: file) }
        }
        return try result.get()
    }

    private func make(_ new: String, _ evidence: String, _ now: Date) throws -> RebuildReport {
        var report = RebuildReport()
        CatalogFiles.remove(new)
        report.beganWithBackup = try begin(new)
        let queue = try DatabaseQueue(path: new, configuration: CatalogFiles.configuration())
        guard try !queue.read(Migrations.all.hasBeenSuperseded) else {
            throw CatalogError(
                code: .newerSchema, operation: "rebuild",
                message: "the backup is of a later version of kotib", file: backup)
        }
        try Migrations.all.migrate(queue)
        if CatalogFiles.exists(file) {
            // Reading it in place would write: SQLite takes the log in.
            CatalogFiles.remove(evidence)
            for name in [""] + CatalogFiles.companions where name != "-shm" { try duplicate(name, evidence) }
            try salvage(evidence, into: queue, &report)
        }
        try queue.write { database in
            report.usersByFolder = try database.addMissingUsers(now)
            report.lost += try database.removeOrphans()
            try database.keepShownWords()
            try database.execute(
                sql: "DELETE FROM rebuilds; INSERT INTO rebuilds (at) VALUES (?)",
                arguments: [Timestamp.text(now)])
        }
        try CatalogFiles.check(queue, new)
        try queue.close()
        try exchange(new, now, &report)
        return report
    }

    /// - Returns: whether there is a sound backup, which `new` is a copy of then.
    private func begin(_ new: String) throws -> Bool {
        try CatalogFiles.create(new)
        guard CatalogFiles.exists(backup) else { return false }
        do {
            let source = try DatabaseQueue(path: backup, configuration: CatalogFiles.configuration())
            try CatalogFiles.check(source, backup)
            let target = try DatabaseQueue(path: new, configuration: CatalogFiles.configuration())
            try source.backup(to: target)
            try target.close()
            try source.close()
            return true
        } catch {
            guard CatalogError(error, operation: "open", file: backup).code == .corrupt else { throw error }
            CatalogFiles.remove(new)
            try CatalogFiles.create(new)
            return false
        }
    }

    private func duplicate(_ ending: String, _ evidence: String) throws {
        guard CatalogFiles.exists(file + ending) else { return }
        do {
            try FileManager.default.copyItem(atPath: file + ending, toPath: evidence + ending)
        } catch {
            throw CatalogError(
                code: .inaccessible, operation: "copy", message: "\(error)", file: evidence + ending)
        }
    }

    /// A file in which SQLite finds no tables yields no rows.
    private func salvage(_ evidence: String, into queue: DatabaseQueue, _ report: inout RebuildReport) throws
    {
        do {
            let old = try DatabaseQueue(path: evidence, configuration: CatalogFiles.configuration())
            defer { try? old.close() }
            let found = try old.read { old in
                try queue.write { try CatalogSalvage(from: old, into: $0).run() }
            }
            report.rows = found.rows
            report.lost = found.lost
        } catch {
            guard CatalogError(error, operation: "read", file: file).code == .corrupt else { throw error }
        }
    }

    /// The earlier file keeps its name until the new one has it: in between it is damaged still, and said to
    /// be.
    private func exchange(_ new: String, _ now: Date, _ report: inout RebuildReport) throws {
        let time = Timestamp.text(now).filter { $0.isNumber || $0.isLetter }
        let aside = "\(file).damaged-\(time)"
        if CatalogFiles.exists(file) {
            for ending in ["", "-wal", "-journal"] where CatalogFiles.exists(file + ending) {
                guard link(file + ending, aside + ending) == 0 else {
                    throw CatalogFiles.fault("link", aside)
                }
            }
            try CatalogFiles.syncFolder(of: file)
            report.setAside = aside
        }
        // A log of the earlier file would be taken for the new one's.
        for ending in CatalogFiles.companions { unlink(file + ending) }
        try CatalogFiles.move(new, to: file)
    }
}
