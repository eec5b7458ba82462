import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// A catalog that is gone, or has lost what was written last, is not taken for one that never had more.
@Suite(.timeLimit(.minutes(2))) struct LossTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }
    private var backup: String { file + ".backup" }

    init() throws { folder = try TemporaryFolder() }

    private func open() async throws(CatalogError) -> Catalog { try await Catalog.open(file, backup: backup) }

    private func add(_ range: Range<Int>, to catalog: Catalog) async throws {
        for number in range {
            let id = try await catalog.ingest.accept(
                "ali/\(number).mp3", content: UInt8(number), inode: UInt64(number)
            )
            .recording
            try #require(try await catalog.jobs.claimNext()?.id == id)
            _ = try await catalog.jobs.complete(
                id, transcript: transcript("words"), speech: 1, engineSeconds: 1, now: noon)
        }
    }

    // MARK: - Opening

    @Test(arguments: [true, false]) func aCatalogThatIsGoneBesideItsBackupIsNotBegunAnew(isEmpty: Bool)
        async throws
    {
        let catalog = try await open()
        try await add(0..<3, to: catalog)
        try await catalog.backUp(to: backup)
        try await catalog.close()
        if isEmpty { truncate(file, 0) } else { unlink(file) }
        let error = await #expect(throws: CatalogError.self) { try await self.open() }
        #expect(error?.code == .missing && error?.isRetryable == false)
        let text = "\(try #require(error))"
        #expect(text.contains(backup) && text.contains("kotibd --rebuild") && text.contains("remove"))
        #expect(FileManager.default.fileExists(atPath: file) == isEmpty)
        // An administrator may begin anew.
        unlink(backup)
        let new = try await open()
        #expect(try await new.recordings.counts() == [:])
        try await new.close()
    }

    /// An administrator's slip with sqlite3, or another program's file under the name.
    @Test(arguments: [true, false]) func aDatabaseWithoutTheTablesIsNotBegunAnew(isEmpty: Bool) async throws {
        let catalog = try await open()
        try await add(0..<3, to: catalog)
        try await catalog.backUp(to: backup)
        try await catalog.close()
        unlink(file)
        let other = try DatabaseQueue(path: file)
        try await other.write { try $0.execute(sql: "CREATE TABLE other (x); INSERT INTO other VALUES (1)") }
        if isEmpty { try await other.write { try $0.execute(sql: "DROP TABLE other") } }
        try other.close()
        let error = await #expect(throws: CatalogError.self) { try await self.open() }
        #expect(error?.code == .missing && error?.isRetryable == false)
        let text = "\(try #require(error))"
        #expect(text.contains(isEmpty ? backup : "none of Kotib's") && text.contains("kotibd --rebuild"))
        unlink(backup)
        guard isEmpty else {
            await #expect(throws: CatalogError.self) { try await self.open() }
            return
        }
        try await self.open().close()
    }

    // MARK: - The log

    /// The files as a killed daemon leaves them.
    private func leave(_ added: Range<Int>) async throws {
        let catalog = try await open()
        try await add(added, to: catalog)
        for ending in ["", "-wal", "-shm"] {
            try FileManager.default.copyItem(atPath: file + ending, toPath: folder.path("copy") + ending)
        }
        try await catalog.close()
        for ending in ["", "-wal", "-shm"] {
            unlink(file + ending)
            try FileManager.default.moveItem(atPath: folder.path("copy") + ending, toPath: file + ending)
        }
    }

    private func changeLog(_ change: (inout Data) -> Void) throws {
        var bytes = try Data(contentsOf: URL(filePath: file + "-wal"))
        change(&bytes)
        try bytes.write(to: URL(filePath: file + "-wal"))
    }

    @Test func aLogThatIsWholeIsNoLoss() async throws {
        try await leave(0..<4)
        let catalog = try await open()
        #expect(catalog.losses.isEmpty)
        #expect(try await catalog.recordings.counts() == [.completed: 4])
        #expect(try await !catalog.adoption.adoptsTexts())
        try await catalog.close()
        #expect(try folder.names() == ["kotib.sqlite"])
    }

    @Test func aLogThatIsGoneIsTold() async throws {
        let before = try await open()
        try await add(0..<1, to: before)
        try await before.database.write("test") {
            try $0.execute(
                sql:
                    "INSERT INTO access_tokens (jti, user_id, created_at, expires_at) VALUES ('t', 1, '', '9')"
            )
        }
        try await before.close()
        try await leave(1..<4)
        unlink(file + "-wal")
        let catalog = try await open()
        #expect(catalog.losses == [.logMissing(file + "-wal")])
        // Recordings that are found again are treated as after a rebuild.
        #expect(try await catalog.adoption.adoptsTexts())
        // The end of a session may be part of the loss.
        let tokens = try await catalog.database.read("test") {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM access_tokens")
        }
        #expect(tokens == 0)
        await catalog.lossesWereReported()
        try await catalog.close()
        let again = try await open()
        #expect(again.losses.isEmpty)
        try await again.close()
    }

    @Test func aLogThatIsEmptyBesideAnIndexWithCommitsIsTold() async throws {
        try await leave(0..<4)
        truncate(file + "-wal", 0)
        let catalog = try await open()
        #expect(catalog.losses == [.logEmpty(file + "-wal")])
        try await catalog.close()
    }

    /// As a crash after `PRAGMA wal_checkpoint(TRUNCATE)` leaves it.
    @Test func aLogThatWasTruncatedAfterACheckpointIsNoLoss() async throws {
        let catalog = try await open()
        try await add(0..<4, to: catalog)
        try await catalog.database.writer.writeWithoutTransaction {
            _ = try $0.checkpoint(.truncate)
        }
        for ending in ["", "-wal", "-shm"] {
            try FileManager.default.copyItem(atPath: file + ending, toPath: folder.path("copy") + ending)
        }
        try await catalog.close()
        let copy = folder.path("copy")
        try #require(CatalogFiles.size(copy + "-wal") == 0 && CatalogFiles.exists(copy + "-shm"))
        let again = try await Catalog.open(copy)
        #expect(again.losses.isEmpty)
        #expect(try await again.recordings.counts() == [.completed: 4])
        try await again.close()
    }

    @Test(arguments: [0, 1, 3]) func aLogThatIsGarbledIsToldAndKept(quarter: Int) async throws {
        try await leave(0..<4)
        try changeLog { bytes in
            let start = max(bytes.count / 4 * quarter - 9000, 0)
            bytes.replaceSubrange(start..<start + 500, with: Data(repeating: 0x5A, count: 500))
        }
        let garbled = try Data(contentsOf: URL(filePath: file + "-wal"))
        let catalog = try await open()
        guard case .logDamaged(_, let copy?) = catalog.losses.first else {
            Issue.record("\(catalog.losses)")
            return
        }
        #expect(try Data(contentsOf: URL(filePath: copy)) == garbled)
        try await catalog.close()
    }

    /// The last commit is torn, as after a crash of the machine.
    @Test func aTornEndIsNoLoss() async throws {
        try await leave(0..<4)
        try changeLog { bytes in
            let (header, frame) = (32, 4096 + 24)
            var end = bytes.count - frame
            while bytes[(end + 4)..<(end + 8)].allSatisfy({ $0 == 0 }), end > header { end -= frame }
            bytes = bytes[..<(end + frame)]
            bytes.replaceSubrange(end + 100..<end + 200, with: Data(repeating: 0x5A, count: 100))
        }
        let catalog = try await open()
        #expect(catalog.losses.isEmpty, "\(catalog.losses)")
        try await catalog.close()
    }

    @Test func aCatalogThatIsBehindItsBackupIsTold() async throws {
        var catalog = try await open()
        try await add(0..<2, to: catalog)
        try await catalog.close()
        let earlier = try Data(contentsOf: URL(filePath: file))
        catalog = try await open()
        try await add(2..<4, to: catalog)
        try await catalog.backUp(to: backup)
        try await catalog.close()
        try earlier.write(to: URL(filePath: file))
        catalog = try await open()
        #expect(catalog.losses == [.behindBackup(backup)])
        // The backup has what is lost.
        let second = Catalog.secondBackup(backup)
        #expect(try await catalog.backUp(to: backup) == .beside(file: second))
        try await add(4..<7, to: catalog)
        #expect(try await catalog.backUp(to: backup) == .replaced)
        #expect(!FileManager.default.fileExists(atPath: second))
        try await catalog.close()
    }

    // MARK: - A start that does not come to its end

    enum LogFault: CaseIterable, Sendable { case missing, empty, damaged }

    private func breakLog(_ fault: LogFault) throws {
        switch fault {
        case .missing: unlink(file + "-wal")
        case .empty: truncate(file + "-wal", 0)
        case .damaged: try changeLog { $0[$0.count / 2] ^= 0xFF }
        }
    }

    private func addToken() async throws {
        let catalog = try await open()
        try await add(0..<1, to: catalog)
        try await catalog.database.write("test") {
            try $0.execute(
                sql:
                    "INSERT INTO access_tokens (jti, user_id, created_at, expires_at) VALUES ('t', 1, '', '9')"
            )
        }
        try await catalog.close()
    }

    private func tokens(_ catalog: Catalog) async throws -> Int? {
        try await catalog.database.read("test") {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM access_tokens")
        }
    }

    /// Ends in SQLite's check of the file. The log is begun anew by then.
    /// - Returns: the file as it was before.
    private func openInVain() async throws -> Data {
        let whole = try Data(contentsOf: URL(filePath: file))
        var damaged = whole
        damaged.replaceSubrange(40_000..<44_096, with: Data(repeating: 0x5A, count: 4096))
        try damaged.write(to: URL(filePath: file))
        let error = await #expect(throws: CatalogError.self) { try await self.open() }
        #expect(error?.code == .corrupt)
        return whole
    }

    /// As if it was killed during the check: the sound file, and no log that tells of the loss.
    @Test(arguments: LogFault.allCases) func aLossIsToldByTheNextStart(_ fault: LogFault) async throws {
        try await addToken()
        try await leave(1..<4)
        try breakLog(fault)
        let log = try? Data(contentsOf: URL(filePath: file + "-wal"))
        let whole = try await openInVain()
        try whole.write(to: URL(filePath: file))
        for ending in ["-wal", "-shm"] { unlink(file + ending) }
        let catalog = try await open()
        switch (fault, catalog.losses.first) {
        case (.missing, .logMissing), (.empty, .logEmpty): break
        case (.damaged, .logDamaged(_, let copy?)):
            #expect(try Data(contentsOf: URL(filePath: copy)) == log)
        default: Issue.record("\(catalog.losses)")
        }
        #expect(catalog.losses.count == 1)
        #expect(try await catalog.adoption.adoptsTexts())
        #expect(try await tokens(catalog) == 0)
        try await catalog.close()
    }

    /// The daemon may be killed before it has said so.
    @Test func aLossIsToldUntilSomebodyWasTold() async throws {
        try await leave(0..<4)
        try breakLog(.damaged)
        var catalog = try await open()
        let losses = catalog.losses
        try await catalog.close()
        catalog = try await open()
        #expect(catalog.losses == losses && losses.count == 1)
        await catalog.lossesWereReported()
        try await catalog.close()
        catalog = try await open()
        #expect(catalog.losses.isEmpty)
        try await catalog.close()
        #expect(try folder.names().count == 2, "the catalog and the damaged log")
    }

    /// The damaged place in the log is not found a second time behind new commits.
    @Test func aKillLongAfterALossIsNoOther() async throws {
        try await leave(0..<4)
        try breakLog(.damaged)
        try await leave(10..<12)
        // Somebody was told.
        try folder.rename("kotib.sqlite.losses", to: "told")
        let again = try await open()
        #expect(again.losses.isEmpty, "\(again.losses)")
        try await again.close()
    }

    /// The administrator is told to run it, and it would bring ended sessions back.
    @Test func aRebuildKnowsOfTheLossThatAStartFound() async throws {
        try await addToken()
        try await leave(1..<4)
        unlink(file + "-wal")
        _ = try await openInVain()
        let report = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        #expect(report.losses == [.logMissing(file + "-wal")] && report.endedSessions)
        let catalog = try await open()
        #expect(catalog.losses.isEmpty)
        #expect(try await tokens(catalog) == 0)
        try await catalog.close()
    }

    // MARK: - Backups

    @Test func anotherCatalogsBackupStays() async throws {
        let catalog = try await open()
        try await add(0..<1, to: catalog)
        try await catalog.backUp(to: backup)
        try await catalog.close()
        let before = try Data(contentsOf: URL(filePath: backup))
        let other = try await Catalog.open(folder.path("other.sqlite"))
        try await add(0..<20, to: other)
        let second = Catalog.secondBackup(backup)
        #expect(try await other.backUp(to: backup) == .beside(file: second))
        #expect(try Data(contentsOf: URL(filePath: backup)) == before)
        try await other.close()
        let copy = try await Catalog.open(second)
        #expect(try await copy.recordings.counts() == [.completed: 20])
        try await copy.close()
    }

    @Test func aBackupWithFarMoreStays() async throws {
        let catalog = try await open()
        try await add(0..<30, to: catalog)
        try await catalog.backUp(to: backup)
        try await catalog.database.write("test") {
            try $0.execute(sql: "DELETE FROM audio_records WHERE id > 16")
        }
        #expect(try await catalog.backUp(to: backup) == .replaced)
        try await catalog.database.write("test") {
            try $0.execute(sql: "DELETE FROM audio_records WHERE id > 4")
        }
        let second = Catalog.secondBackup(backup)
        #expect(try await catalog.backUp(to: backup) == .beside(file: second))
        // An administrator who does not need it removes it.
        unlink(backup)
        #expect(try await catalog.backUp(to: backup) == .replaced)
        try await catalog.close()
    }
}
