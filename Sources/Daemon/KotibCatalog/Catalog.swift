// KotibCatalog: all SQL, migrations, transactions.

import FoundationEssentials
import GRDB
import KotibModel

/// The record of every recording: one SQLite database, and a store for each kind of thing in it.
public final class Catalog: Sendable {
    let database: CatalogDatabase
    /// Losses that were found when it was opened.
    public let losses: [CatalogLoss]
    private let files: OpenCatalogFiles

    /// Takes open connections and brings the tables up to date. Blocks: for tests, and for
    /// ``open(_:backup:)``.
    /// - Parameters:
    ///   - searcher: connections for what may take long; nil where there is only one.
    ///   - losses: what was found before.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/newerSchema`` where a later version was here.
    public convenience init(
        _ writer: any DatabaseWriter, searcher: (any DatabaseReader)? = nil,
        clock: any Clock<Duration> = ContinuousClock(), losses: [CatalogLoss] = []
    ) throws(CatalogError) {
        try self.init(
            writer, searcher, clock: clock, losses: losses, files: OpenCatalogFiles(writer.path))
    }

    private init(
        _ writer: any DatabaseWriter, _ searcher: (any DatabaseReader)?,
        clock: any Clock<Duration> = ContinuousClock(), losses: [CatalogLoss], files: OpenCatalogFiles
    ) throws(CatalogError) {
        self.losses = losses
        self.files = files
        database = try CatalogDatabase(writer, searcher: searcher, clock: clock)
    }

    /// Opens or creates the database, checks it and brings its tables up to date.
    ///
    /// The check reads the whole file (`PRAGMA quick_check`): about a second for each 100 MB.
    /// - Parameters:
    ///   - file: a path; its folder exists. A new file is readable by its owner only.
    ///   - backup: where ``backUp(to:)`` puts its copies.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/missing`` where there is no catalog, but a backup of
    ///   one.
    public static func open(_ file: String, backup: String? = nil) async throws(CatalogError) -> Catalog {
        let result: Result<Catalog, CatalogError> = await CatalogDatabase.onThread {
            do throws(CatalogError) {
                return .success(try openBlocking(file, backup: backup))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The order matters: a foreign file is refused before anything is written, and what shows a loss is
    /// recorded before SQLite's first connection begins the log anew, since a long check follows.
    private static func openBlocking(_ file: String, backup: String?) throws(CatalogError) -> Catalog {
        do {
            try CatalogExchange(file: file).complete()
        } catch {
            throw CatalogError(error, operation: "complete the rebuild", file: file)
        }
        CatalogRebuild.removeTemporaryFiles(of: file)
        RebuildRecord.remove(of: file)
        try CatalogLoss.refuseMissing(file, backup: backup)
        let files = try CatalogDatabase.create(file)
        try CatalogLoss.refuseForeign(file, backup: backup)
        let record = CatalogLossRecord(of: file)
        var losses = try record.add(CatalogLoss.ofLog(file))
        let writer = try CatalogDatabase.connect(files)
        if let backup, CatalogLoss.isBehind(writer, backup) {
            losses = try record.add([.behindBackup(backup)])
        }
        let searcher = try CatalogDatabase.connectToSearch(files)
        let catalog = try Catalog(writer, searcher, losses: losses, files: files)
        if !losses.isEmpty { try catalog.adoption.recoverFromLoss(now: Date()) }
        return catalog
    }

    /// To be called when somebody was told of ``losses``: until then each start tells of them.
    public func lossesWereReported() async {
        let record = CatalogLossRecord(of: database.file)
        await CatalogDatabase.onThread { record.remove() }
    }

    /// Waits for the calls under way, copies the log into the database and closes it. Later calls fail.
    public func close() async throws(CatalogError) { try await database.close() }

    // MARK: - Stores

    public var adoption: AdoptionStore { AdoptionStore(database: database) }
    public var archive: ArchivedAudioStore { ArchivedAudioStore(database: database) }
    public var clock: SteadyClock { SteadyClock(database: database) }
    public var codes: CodeStore { CodeStore(database: database) }
    public var deletions: DeletionStore { DeletionStore(database: database) }
    public var events: EventStore { EventStore(database: database) }
    public var hooks: HookStore { HookStore(database: database) }
    public var ingest: IngestStore { IngestStore(database: database) }
    public var jobs: JobStore { JobStore(database: database) }
    public var listing: ListingStore { ListingStore(database: database) }
    public var mounts: MountStore { MountStore(database: database) }
    public var moves: MoveStore { MoveStore(database: database) }
    public var quotas: QuotaStore { QuotaStore(database: database) }
    public var recordings: RecordingStore { RecordingStore(database: database) }
    public var refusals: RefusalStore { RefusalStore(database: database) }
    public var reuse: TranscriptReuse { TranscriptReuse(database: database) }
    public var revisions: RevisionStore { RevisionStore(database: database) }
    public var searchIndex: SearchIndexStore { SearchIndexStore(database: database) }
    public var sidecars: SidecarRegistry { SidecarRegistry(database: database) }
    public var tokens: TokenStore { TokenStore(database: database) }
    public var users: UserStore { UserStore(database: database) }

    // MARK: - The file

    /// Copies the catalog to `file`, replacing an earlier copy unless that is of another catalog or holds far
    /// more (``CatalogContents``). Writes are not delayed (https://www.sqlite.org/backup.html) unless the
    /// catalog's file was removed or replaced; the copy is checked before it replaces the earlier one.
    /// - Parameter file: beside the catalog, or elsewhere on a disk; readable by its owner only.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/corrupt`` if the catalog itself is damaged. The
    ///   earlier copy is kept then, as after any other failure.
    @discardableResult
    public func backUp(to file: String) async throws(CatalogError) -> BackupOutcome {
        let (catalog, files, own) = (database.writer, files, database.file)
        let result: Result<BackupOutcome, CatalogError> = await CatalogDatabase.onThread {
            let source = BackupSource(catalog: catalog, isDisplaced: files.displaced != nil)
            return Result { try CatalogFiles.backUp(source, to: file) }
                .mapError { CatalogError($0, operation: "back up", file: own) }
        }
        if case .failure(let error) = result { database.damage.note(error) }
        return try result.get()
    }

    /// The file beside `backup` that ``backUp(to:)`` writes if the earlier backup is kept.
    public static func secondBackup(_ backup: String) -> String { CatalogFiles.secondBackup(backup) }

    /// The file of the catalog that was removed or replaced since it was opened; nil where none was.
    public func displacedFile() async -> DisplacedFile? {
        let files = files
        return await CatalogDatabase.onThread { files.displaced }
    }

    /// Yields once, when some call finds the file damaged. Ends when the catalog is closed. For one listener.
    public var damageReports: AsyncStream<CatalogError> { database.damage.found }
}

/// A store of the catalog, for one kind of thing.
protocol CatalogStore: Sendable {
    var database: CatalogDatabase { get }
}

extension CatalogStore {
    /// As ``CatalogDatabase/write(_:_:)``.
    func write<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        try await database.write(operation, body)
    }

    /// As ``CatalogDatabase/read(_:_:)``.
    func read<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        try await database.read(operation, body)
    }

    /// As ``CatalogDatabase/search(_:_:)``.
    func search<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        try await database.search(operation, body)
    }
}
