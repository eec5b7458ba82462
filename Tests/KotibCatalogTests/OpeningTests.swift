import Dispatch
import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct OpeningTests {
    private func pragma(_ name: String, _ catalog: Catalog) async throws -> String? {
        try await catalog.database.write("test") { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    /// Threat 40: no second connection writes or checkpoints.
    @Test(arguments: ["DELETE FROM users", "PRAGMA wal_checkpoint(TRUNCATE)"])
    func readingConnectionsCannotWrite(sql: String) async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        try await catalog.ingest.accept("alisher/a.mp3")
        let size = try size(folder.path("kotib.sqlite-wal"))
        let busy = try? await catalog.database.read("test") { try Row.fetchOne($0, sql: sql)?[0] as Int? }
        // SQLITE_READONLY, or 1 for a checkpoint that could not be made.
        #expect(busy != 0)
        #expect(try self.size(folder.path("kotib.sqlite-wal")) == size && size > 0)
        #expect(try await catalog.recordings.counts() == [.pending: 1])
        try await catalog.close()
    }

    private func size(_ file: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
    }

    @Test func longReadDoesNotBlockWrites() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        try await catalog.ingest.accept("alisher/a.mp3")
        let (began, end) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        async let before = catalog.database.read("test") { database in
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM audio_records")
            began.continuation.yield()
            end.wait()
            let again = try Int.fetchOne(database, sql: "SELECT count(*) FROM audio_records")
            return [count, again]
        }
        defer { end.signal() }
        for await _ in began.stream { break }
        try await catalog.ingest.accept("alisher/b.mp3")
        #expect(try await catalog.recordings.counts() == [.pending: 2])
        end.signal()
        #expect(try await before == [1, 1], "a reader sees one state of the database")
        try await catalog.close()
    }

    @Test func acknowledgedCommitsSurvivePowerLoss() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        #expect(try await pragma("journal_mode", catalog) == "wal")
        #expect(try await pragma("synchronous", catalog) == "2")
        #expect(try await pragma("foreign_keys", catalog) == "1")
        #expect(try await pragma("busy_timeout", catalog) == "5000")
        try await catalog.close()
    }

    @Test func onlyTheOwnerMayReadTheFile() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        try await catalog.ingest.accept("alisher/a.mp3")
        for name in ["kotib.sqlite", "kotib.sqlite-wal"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path(name))
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
        try await catalog.close()
    }

    @Test func closingLeavesNoLogBehind() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        try await catalog.ingest.accept("alisher/a.mp3")
        try await catalog.close()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["kotib.sqlite"])
        let again = try await Catalog.open(folder.path("kotib.sqlite"))
        #expect(try await again.recordings.counts() == [.pending: 1])
        try await again.close()
    }

    @Test func theSeedsFieldsAreReadableByName() async throws {
        let catalog = try memoryCatalog()
        try await catalog.ingest.accept("alisher/talk \u{7}.mp3")
        let sql = """
            SELECT u.phone_number, u.role, u.is_active, u.created_at, a.user_id, a.file_name,
                a.original_filename, a.file_path, a.file_size, a.duration, a.transcript_text,
                a.transcription_status, a.created_at, a.updated_at
            FROM audio_records a JOIN users u ON u.id = a.user_id
            """
        try await catalog.database.read("test") { database in
            let row = try #require(try Row.fetchOne(database, sql: sql))
            #expect(row["file_name"] == "talk \\x07.mp3")
            #expect(row["file_path"] == "alisher/talk \\x07.mp3")
            #expect(row["transcription_status"] == "pending")
            #expect(row["updated_at"] == "2027-01-15T08:00:00.000Z")
            #expect(row["role"] == "user")
        }
    }

    @Test func migrationsRunOnceAndKeepRows() async throws {
        let queue = try DatabaseQueue()
        try await Catalog(queue).ingest.accept("alisher/a.mp3")
        let again = try Catalog(queue)
        #expect(try await again.recordings.counts() == [.pending: 1])
        let applied = try await queue.read { try Migrations.all.appliedMigrations($0) }
        #expect(applied == Migrations.all.migrations)
    }

    @Test func theLibraryKnowsWhatWasThereBeforeIt() async throws {
        let queue = try DatabaseQueue()
        try Migrations.all.migrate(queue, upTo: "5 account security")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO users (id, folder, created_at) VALUES (7, CAST('ali' AS BLOB), '2027-01-15T08:00:00.000Z');
                    INSERT INTO audio_records (user_id, file_name, original_filename, file_path, path, device,
                        inode, file_size, modified_ns, changed_ns, sha256, media_type, container, codec, duration,
                        channels, sample_rate, transcription_status, created_at, updated_at, transcript_text)
                    VALUES (7, 'a.mp3', 'a.mp3', 'ali/a.mp3', CAST('ali/a.mp3' AS BLOB), 1, 1, 1, 1, 1,
                        zeroblob(32), 'audio/mpeg', 'mp3', 'mp3', 1, 1, 8000, 'completed',
                        '2027-01-15T08:00:00.000Z', '2027-01-15T08:00:00.000Z', 'Eski so‘z');
                    INSERT INTO transcript_revisions (id, audio_record_id, origin, text, segments, created_at)
                    VALUES (3, 1, 'engine', 'Eski so‘z', '[]', '2027-01-15T08:00:00.000Z');
                    """)
        }
        var filter = RecordingFilter(scope: .only(UserID(rawValue: 7)))
        #expect(try await Catalog(queue).listing.page(filter, limit: 9).total == 1)
        filter.query = "so'z"
        let page = try await Catalog(queue).listing.page(filter, limit: 9)
        #expect(page.entries.map(\.revision) == [RevisionID(rawValue: 3)])
    }

    @Test func olderSidecarsStayKotibsOwn() async throws {
        let queue = try DatabaseQueue()
        try Migrations.all.migrate(queue, upTo: "15 warnings")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO users (id, folder, created_at) VALUES (7, CAST('ali' AS BLOB), '2027-01-15T08:00:00.000Z');
                    INSERT INTO audio_records (id, user_id, file_name, original_filename, file_path, path, device,
                        inode, file_size, modified_ns, changed_ns, sha256, media_type, container, codec, duration,
                        channels, sample_rate, transcription_status, created_at, updated_at, transcript_text)
                    VALUES (1, 7, 'a.mp3', 'a.mp3', 'ali/a.mp3', CAST('ali/a.mp3' AS BLOB), 1, 1, 1, 1, 1,
                        zeroblob(32), 'audio/mpeg', 'mp3', 'mp3', 1, 1, 8000, 'completed',
                        '2027-01-15T08:00:00.000Z', '2027-01-15T08:00:00.000Z', 'x');
                    INSERT INTO sidecars (id, audio_record_id, kind, path, device, inode, size, modified_ns,
                        written_at, words_sha256)
                    VALUES (5, 1, 'transcript', CAST('ali/a.mp3.txt' AS BLOB), 1, 2, 3, 4,
                        '2027-01-15T08:00:00.000Z', zeroblob(32));
                    """)
        }
        let catalog = try Catalog(queue)
        let id = RecordingID(rawValue: 1)
        let sidecar = try #require(try await catalog.sidecars.owned(of: id).first)
        #expect(sidecar.kind == .transcript && sidecar.inode == 2 && sidecar.size == 3)
        #expect(sidecar.words == [UInt8](repeating: 0, count: 32))
        var remark = sidecar
        remark.kind = .remark
        remark.path = try inboxPath("ali/a.mp3.note.txt")
        try await catalog.sidecars.written(remark, due: nil)
        #expect(try await catalog.sidecars.owned(of: id).map(\.kind) == [.transcript, .remark])
        let broken = try await queue.read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check").count }
        #expect(broken == 0)
    }

    @Test func tablesOfALaterVersionAreRefused() async throws {
        let queue = try DatabaseQueue()
        _ = try Catalog(queue)
        try await queue.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 later')") }
        #expect { try Catalog(queue) } throws: { ($0 as? CatalogError)?.code == .newerSchema }
    }

    @Test(arguments: [0, 40_000]) func aCorruptFileIsNamedWithWhatToDo(position: Int) async throws {
        let folder = try TemporaryFolder()
        let file = folder.path("kotib.sqlite")
        let catalog = try await Catalog.open(file)
        for number in 0..<300 { try await catalog.ingest.accept("alisher/\(number).mp3") }
        try await catalog.close()
        try overwrite(file, at: position)

        let failure = await #expect(throws: CatalogError.self) { try await Catalog.open(file) }
        #expect(failure?.code == .corrupt)
        #expect(failure?.file == file)
        #expect("\(failure.map(String.init(describing:)) ?? "")".contains("kotibd --rebuild"))
    }

    private func overwrite(_ file: String, at position: Int) throws {
        var bytes = try Data(contentsOf: URL(filePath: file))
        bytes.replaceSubrange(position..<position + 4096, with: Data(repeating: 0x5A, count: 4096))
        try bytes.write(to: URL(filePath: file))
    }

    @Test func anUnreachableFolderIsSaidSo() async throws {
        let folder = try TemporaryFolder()
        let failure = await #expect(throws: CatalogError.self) {
            try await Catalog.open(folder.path("missing/kotib.sqlite"))
        }
        #expect(failure?.code == .inaccessible)
        #expect(failure?.isRetryable == true)
    }
}
