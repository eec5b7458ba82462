import Dispatch
import FoundationEssentials
import GRDB
import GRDBSQLite
import Glibc
import Synchronization

/// The catalog's connections: one that writes, some that only read.
///
/// One connection alone writes and checkpoints, because SQLite before 3.51.3 (Debian 12 has 3.40) can corrupt
/// a database whose WAL two connections reset (https://www.sqlite.org/wal.html). The others are opened
/// read-only and can do neither. Searches, which may take long, have theirs and no others, so that they hold
/// up nothing but each other. Calls never block the caller's thread; all but searches go on although the
/// caller's task is cancelled.
final class CatalogDatabase: Sendable {
    /// Seconds. No retry is delayed longer, so a longer delay shows that the clock was set back.
    static let longestDelay: TimeInterval = 86_400

    let commits: GroupCommit
    let writer: any DatabaseWriter
    private let searcher: any DatabaseReader
    /// By which a search is ended.
    private let clock: any Clock<Duration>
    let signals = EventSignals(table: "events")
    let hookEvents = EventSignals(table: "hook_deliveries")
    let room = EventSignals(table: "quota_room")
    let longTexts = EventSignals(table: "search_due")
    let file: String
    let damage = CatalogDamage()

    /// As ``Catalog/init(_:searcher:clock:losses:)``.
    init(
        _ writer: any DatabaseWriter, searcher: (any DatabaseReader)?, clock: any Clock<Duration>
    ) throws(CatalogError) {
        self.writer = writer
        self.searcher = searcher ?? writer
        self.clock = clock
        file = writer.path
        commits = GroupCommit(writer, file: writer.path, damage: damage)
        do {
            if try writer.read(Migrations.all.hasBeenSuperseded) {
                throw CatalogError(
                    code: .newerSchema, operation: "open",
                    message: "made by a later version of kotib; install that version again", file: file)
            }
            try Migrations.all.migrate(writer)
            writer.add(transactionObserver: signals, extent: .databaseLifetime)
            writer.add(transactionObserver: hookEvents, extent: .databaseLifetime)
            writer.add(transactionObserver: room, extent: .databaseLifetime)
            writer.add(transactionObserver: longTexts, extent: .databaseLifetime)
        } catch {
            throw CatalogError(error, operation: "migrate", file: writer.path)
        }
    }

    func close() async throws(CatalogError) {
        let (writer, searcher, file) = (writer, searcher, file)
        signals.finish()
        hookEvents.finish()
        room.finish()
        longTexts.finish()
        damage.finish()
        let result: Result<Void, CatalogError> = await Self.onThread {
            Result {
                // Readers first: only the last connection takes the log along, and only one that may write
                // can.
                if searcher !== writer { try searcher.close() }
                (writer as? DatabasePool)?.releaseMemory()
                try writer.close()
            }.mapError { CatalogError($0, operation: "close", file: file) }
        }
        try result.get()
    }

    /// Runs `body`, committed together with other callers' writes.
    func write<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        try await commits.write(operation, body)
    }

    /// Runs `body`, which only reads, on a state of the database that nobody changes meanwhile.
    func read<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        let file = file
        let result: Result<Value, CatalogError> = await withCheckedContinuation { caller in
            writer.asyncRead { access in
                let result = Result { try body(access.get()) }
                caller.resume(
                    returning: result.mapError { CatalogError($0, operation: operation, file: file) })
            }
        }
        if case .failure(let error) = result { damage.note(error) }
        return try result.get()
    }

    /// As ``read(_:_:)``, for what may take long: ended after ``longestSearch``, or with the caller's task.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/tooLong``.
    func search<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(CatalogError) -> Value {
        let tooLong = CatalogError(
            code: .tooLong, operation: operation, message: "ended after \(Self.longestSearch)", file: file)
        do {
            return try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask { try await self.readInterruptibly(body) }
                group.addTask {
                    try await self.clock.sleep(for: Self.longestSearch)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let value = first else { throw tooLong }
                return value
            }
        } catch is CancellationError {
            throw tooLong
        } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
            throw tooLong
        } catch {
            let error = CatalogError(error, operation: operation, file: file)
            damage.note(error)
            throw error
        }
    }

    /// Ends with the task, at whatever moment that is cancelled.
    private func readInterruptibly<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let interruption = StatementInterruption()
        return try await withTaskCancellationHandler {
            try await searcher.read { database in
                try interruption.guarding(database) { try body(database) }
            }
        } onCancel: {
            interruption.request()
        }
    }

    /// A queue for work that takes long or blocks.
    static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { caller in
            DispatchQueue.global().async { caller.resume(returning: body()) }
        }
    }
}

extension CatalogDatabase {
    /// Seconds to wait for another process, such as an administrator's `sqlite3`, to let go of the file.
    private static let busyTimeout: TimeInterval = 5
    /// Connections that only read.
    private static let readers = 4
    /// Searches at once.
    private static let searches = 2
    /// Words of every recording among a million are found in less.
    static let longestSearch: Duration = .seconds(5)

    /// Makes the file if there is none. No connection may be open.
    static func create(_ file: String) throws(CatalogError) -> OpenCatalogFiles {
        // SQLite gives -wal and -shm the mode of the database (findCreateFileMode in os_unix.c).
        let descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CatalogError(
                code: .inaccessible, operation: "open", message: String(cString: strerror(errno)), file: file)
        }
        Glibc.close(descriptor)
        return OpenCatalogFiles(file, endings: [""])
    }

    static func connect(_ files: OpenCatalogFiles) throws(CatalogError) -> DatabasePool {
        let file = files.file
        do {
            let pool = try DatabasePool(path: file, configuration: configuration(files))
            try pool.writeWithoutTransaction { try prepare($0) }
            files.noteLog()
            try check(pool, file)
            return pool
        } catch {
            throw CatalogError(error, operation: "open", file: file)
        }
    }

    static func connectToSearch(_ files: OpenCatalogFiles) throws(CatalogError) -> DatabasePool {
        var configuration = configuration(files)
        configuration.readonly = true
        configuration.maximumReaderCount = searches
        do {
            return try DatabasePool(path: files.file, configuration: configuration)
        } catch {
            throw CatalogError(error, operation: "open", file: files.file)
        }
    }

    private static func configuration(_ files: OpenCatalogFiles) -> Configuration {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = readers
        configuration.label = "kotib.catalog"
        // Before the connection reads anything.
        configuration.prepareDatabase { try files.check($0) }
        return configuration
    }

    /// After opening, because GRDB sets NORMAL when it turns WAL on. The schema must be trusted: SQLite 3.40
    /// counts FTS5 among what an untrusted one's triggers may not use. The file is the daemon's own, and the
    /// daemon gives SQLite no functions that a foreign schema could misuse.
    static func prepare(_ database: Database) throws {
        try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA trusted_schema = ON")
    }

    private static func check(_ pool: DatabasePool, _ file: String) throws {
        let finding = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
        guard finding == "ok" else {
            throw CatalogError(
                code: .corrupt, operation: "quick_check", message: finding ?? "no answer", file: file)
        }
    }
}

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
