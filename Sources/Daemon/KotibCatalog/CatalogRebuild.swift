import FoundationEssentials
import GRDB
import Glibc
import KotibModel

/// The outcome of a rebuild.
public struct RebuildReport: Codable, Sendable {
    /// Rows of one table.
    public struct Rows: Codable, Sendable {
        public var table: String
        public var count: Int
    }

    /// The path that the earlier file was renamed to. Nil if there was none.
    public var setAside: String?
    /// Rows that were read out of the earlier file, by table.
    public var rows: [Rows] = []
    /// Rows that could not be read, or contradict others; they are in the file that was set aside. There may
    /// be more: a page, or a table, counts as one.
    public var lost = 0
    /// Nothing could be read of the earlier file, not even its list of tables: what is lost cannot be
    /// counted.
    public var isUnreadable = false
    /// The backup that was used for unreadable rows; nil if none was.
    public var backup: String?
    /// Backups that are empty, damaged or no catalog's, and were not used.
    public var unusableBackups: [String] = []
    /// Rows that came from it.
    public var rowsOfBackup = 0
    /// Users in the state of the backup: later changes to them are lost.
    public var usersOfBackup = 0
    /// Users of whom only their folder is known.
    public var usersByFolder = 0
    /// Versions of texts whose recordings could not be read; they are in the file that was set aside.
    public var unattachedRevisions = 0
    /// Last writes of the earlier file that are lost.
    public var losses: [CatalogLoss] = []
    /// Sessions, codes and known devices were deleted, because the ends of some could not be read.
    public var endedSessions = false
    /// An earlier run had done it, and was interrupted before it said so.
    public var isOfInterruptedRun = false
}

/// Creates a new catalog from the readable rows of the earlier one. A backup, which is older, provides only
/// rows that could not be read.
///
/// Everything else comes from the inbox at the next start: recordings are found again, and a text beside a
/// recording that the catalog does not know is adopted as its transcript. The earlier file is set aside and
/// never written.
public struct CatalogRebuild: Sendable {
    let file: String
    let backup: String
    let inbox: String?
    /// Called before each step of the exchange.
    var beforeStep: @Sendable () throws -> Void = {}

    /// - Parameters:
    ///   - file: the catalog. Nobody may have it open.
    ///   - backup: a copy of ``Catalog/backUp(to:)``; need not be there.
    ///   - inbox: the folder that tells which texts of the backup are still their recordings'; nil for none.
    public init(file: String, backup: String, inbox: String? = nil) {
        self.file = file
        self.backup = backup
        self.inbox = inbox
    }

    /// Removes the temporary files of a rebuild that was killed. No rebuild may be running.
    static func removeTemporaryFiles(of file: String) {
        for ending in temporaryEndings { CatalogFiles.remove(file + ending) }
    }

    private static let temporaryEndings = [".rebuilt", ".salvage", ".base"]

    /// A crash, too, leaves either the earlier catalog or the new one (``CatalogExchange``).
    /// - Throws: ``CatalogError``; the earlier file has its place then, as it was.
    public func run(now: Date = Date()) async throws(CatalogError) -> RebuildReport {
        let result: Result<RebuildReport, CatalogError> = await CatalogDatabase.onThread {
            defer { Self.removeTemporaryFiles(of: file) }
            return Result { try make(now) }
                .mapError { CatalogError($0, operation: "rebuild", file: file) }
        }
        return try result.get()
    }

    private var new: String { file + ".rebuilt" }
    /// The earlier file's copy, since reading that in place would write: SQLite takes the log in.
    private var evidence: String { file + ".salvage" }
    private var base: String { file + ".base" }

    private func make(_ now: Date) throws -> RebuildReport {
        let earlier = try exchange.complete()
        // The catalog that an interrupted run has made is not the earlier one.
        if let report = RebuildRecord.report(of: file) { return try told(report) }
        var report = RebuildReport()
        // SQLite reads a damaged log as far as its checksums agree, and the exchange removes it.
        report.losses = try CatalogLossRecord(of: file).add(CatalogLoss.ofLog(file))
        let old = try openEvidence()
        let (queue, salvaged) = try load(old)
        report.isUnreadable = old == nil && CatalogFiles.size(file) ?? 0 > 0
        report.rows = salvaged.map { RebuildReport.Rows(table: $0.name, count: $0.count) }
        report.lost = salvaged.reduce(0) { $0 + $1.lost }
        let ofBackup = try fill(queue, salvaged, old, &report)
        try queue.write { try finish($0, salvaged, ofBackup, now, &report) }
        try? old?.close()
        try CatalogFiles.check(queue, new)
        try queue.close()
        report.setAside = earlier ?? (CatalogFiles.exists(file) ? exchange.placeOfEarlier(for: new) : nil)
        try beforeStep()
        try RebuildRecord(of: new, report).write(beside: file)
        _ = try exchange.run(new)
        return try told(report)
    }

    private func told(_ report: RebuildReport) throws -> RebuildReport {
        try beforeStep()
        CatalogLossRecord(of: file).remove()
        RebuildRecord.remove(of: file)
        return report
    }

    private var exchange: CatalogExchange { CatalogExchange(file: file, beforeStep: beforeStep) }

    // MARK: - The earlier file

    /// Nil where there is none, or none with tables that SQLite sees.
    private func openEvidence() throws -> DatabaseQueue? {
        guard CatalogFiles.exists(file) else { return nil }
        CatalogFiles.remove(evidence)
        for name in [""] + CatalogFiles.companions where name != "-shm" { try duplicate(name) }
        if let old = try openCopy() { return old }
        for name in [backup, CatalogFiles.secondBackup(backup)] where CatalogFiles.exists(name) {
            if let old = try openCopy(withTablesOf: name) { return old }
        }
        return nil
    }

    /// The earlier file's copy, whose damaged list of tables is in a backup.
    private func openCopy(withTablesOf backup: String) throws -> DatabaseQueue? {
        let restoration = SchemaRestoration(copy: evidence, backup: backup)
        guard try restoration.run(), let old = try openCopy() else { return nil }
        // Of another catalog the tables may be elsewhere.
        if restoration.isOfBackup(old) { return old }
        try old.close()
        return nil
    }

    private func openCopy() throws -> DatabaseQueue? {
        do {
            let old = try DatabaseQueue(path: evidence, configuration: CatalogFiles.configuration())
            return try old.read { try $0.tableExists("users") } ? old : nil
        } catch {
            guard CatalogError(error, operation: "read", file: file).code == .corrupt else { throw error }
            return nil
        }
    }

    private func duplicate(_ ending: String) throws {
        guard CatalogFiles.exists(file + ending) else { return }
        try CatalogFiles.copyBytes(of: file + ending, to: evidence + ending)
    }

    /// A catalog of an earlier version that can be read whole goes through the migrations since; otherwise
    /// its rows come into the tables as they are now, where others can be put beside them.
    private func load(_ old: DatabaseQueue?) throws -> (DatabaseQueue, [SalvagedTable]) {
        guard let old else {
            let queue = try create(upTo: nil)
            return (queue, try queue.read { try CatalogTable.all(in: $0).map(SalvagedTable.unreadable) })
        }
        if let version = try version(of: old), version != Migrations.all.migrations.last {
            let queue = try create(upTo: version)
            let salvaged = try salvage(old, into: queue)
            if salvaged.allSatisfy(\.isWhole) {
                _ = try queue.write { try $0.removeOrphans() }
                try Migrations.all.migrate(queue)
                return (queue, salvaged)
            }
            try queue.close()
        }
        let queue = try create(upTo: nil)
        return (queue, try salvage(old, into: queue))
    }

    /// - Parameter version: nil for the newest.
    private func create(upTo version: String?) throws -> DatabaseQueue {
        CatalogFiles.remove(new)
        try CatalogFiles.create(new)
        let queue = try DatabaseQueue(path: new, configuration: CatalogFiles.configuration())
        if let version {
            try Migrations.all.migrate(queue, upTo: version)
        } else {
            try Migrations.all.migrate(queue)
        }
        return queue
    }

    /// The last migration; nil where it cannot be read.
    private func version(of old: DatabaseQueue) throws -> String? {
        guard let applied = try? old.writeWithoutTransaction(Migrations.all.appliedIdentifiers) else {
            return nil
        }
        let known = Migrations.all.migrations
        guard applied.isSubset(of: known) else {
            throw CatalogError(
                code: .newerSchema, operation: "rebuild",
                message: "made by a later version of kotib; run the rebuild of that version", file: file)
        }
        let last = known.last { applied.contains($0) }
        return applied == Set(known.prefix(applied.count)) ? last : nil
    }

    private func salvage(_ old: DatabaseQueue, into queue: DatabaseQueue) throws -> [SalvagedTable] {
        do {
            // The end of a transaction would fail for the damage that was met in it.
            return try old.writeWithoutTransaction { old in
                try queue.write { try CatalogSalvage(from: old, into: $0).run() }
            }
        } catch {
            guard CatalogError(error, operation: "read", file: file).code == .corrupt else { throw error }
            return try queue.read { try CatalogTable.all(in: $0).map(SalvagedTable.unreadable) }
        }
    }

    // MARK: - The backup

    /// - Returns: the recordings that came from the backup.
    private func fill(
        _ queue: DatabaseQueue, _ salvaged: [SalvagedTable], _ old: DatabaseQueue?,
        _ report: inout RebuildReport
    ) throws -> Set<Int64> {
        guard salvaged.contains(where: { !$0.isWhole && !BackupFill.left.contains($0.name) }) else {
            return []
        }
        let identity = try? old?.writeWithoutTransaction(CatalogContents.identity)
        guard let (source, name) = try openBackup(of: identity, &report) else { return [] }
        let deleted = (try? old?.writeWithoutTransaction(CatalogSalvage.deletedRecordings)) ?? []
        let filled = try source.read { source in
            try queue.write { new in
                if identity == nil { try new.takeIdentity(from: source) }
                let inbox = inbox.map(InboxFiles.init)
                return try BackupFill(from: source, into: new, deleted: deleted, inbox: inbox).run(salvaged)
            }
        }
        try source.close()
        report.backup = name
        report.rowsOfBackup = filled.rows
        report.usersOfBackup = filled.users
        report.lost += filled.lost
        return filled.recordings
    }

    /// The backup as the tables are now: the one of this catalog, where there are two.
    private func openBackup(
        of identity: String?, _ report: inout RebuildReport
    ) throws -> (DatabaseQueue, name: String)? {
        let all = [backup, CatalogFiles.secondBackup(backup)].filter(CatalogFiles.exists)
        let own = all.filter { identity != nil && CatalogContents.identity(of: $0) == identity }
        for name in own + all.filter({ !own.contains($0) }) {
            if let queue = try openBackup(name) { return (queue, name) }
            report.unusableBackups.append(name)
        }
        return nil
    }

    /// - Returns: nil where it is damaged, or not a catalog's.
    private func openBackup(_ name: String) throws -> DatabaseQueue? {
        do {
            let source = try DatabaseQueue(path: name, configuration: CatalogFiles.configuration())
            try CatalogFiles.check(source, name)
            guard try source.read({ try $0.tableExists("users") }) else { return nil }
            CatalogFiles.remove(base)
            try CatalogFiles.create(base)
            let copy = try DatabaseQueue(path: base, configuration: CatalogFiles.configuration())
            try source.backup(to: copy)
            try source.close()
            guard try !copy.read(Migrations.all.hasBeenSuperseded) else {
                throw CatalogError(
                    code: .newerSchema, operation: "rebuild",
                    message: "the backup is of a later version of kotib", file: name)
            }
            try Migrations.all.migrate(copy)
            return copy
        } catch {
            guard CatalogError(error, operation: "open", file: name).code == .corrupt else { throw error }
            return nil
        }
    }

    // MARK: - The new file

    /// - Parameter ofBackup: the recordings that came from the backup.
    private func finish(
        _ new: Database, _ salvaged: [SalvagedTable], _ ofBackup: Set<Int64>, _ now: Date,
        _ report: inout RebuildReport
    ) throws {
        report.usersByFolder = try new.addMissingUsers(now)
        let isAnyUnread = salvaged.contains { !$0.isWhole && SalvagedTable.sessionTables.contains($0.name) }
        if isAnyUnread || !report.losses.isEmpty {
            try new.endSessions()
            report.endedSessions = true
        }
        report.unattachedRevisions = try new.unattachedRevisions()
        report.lost += try new.removeOrphans()
        try new.repairEndsOfRevisions(now)
        try new.showWholeWords()
        try new.keepShownWords()
        try new.forgetTextsWithLostWords(ofBackup)
        try new.recount()
        if salvaged.contains(where: { $0.name.hasPrefix("hook_") && !$0.isWhole }) { try new.forgetHooks() }
        try new.execute(
            sql: "DELETE FROM rebuilds; INSERT INTO rebuilds (at) VALUES (?)",
            arguments: [Timestamp.text(now)])
    }
}
