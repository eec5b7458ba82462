import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// A backup is older than what is damaged: what was changed since is not changed back.
@Suite(.timeLimit(.minutes(2))) struct RebuildFromBackupTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }
    private var backup: String { file + ".backup" }
    /// Ids in order: two users, three recordings.
    private let anna: Int64 = 1
    private let bob: Int64 = 2
    private let first: Int64 = 1
    private let second: Int64 = 2
    private let deleted: Int64 = 3

    init() throws { folder = try TemporaryFolder() }

    /// A backup, and afterwards: logged out, deleted, names and numbers exchanged, edited, deactivated.
    private func fill() async throws {
        let catalog = try await Catalog.open(file)
        for (name, phone) in [("anna", "+998900000001"), ("bob", "+998900000002")] {
            _ = try await catalog.users.add(
                folder: UserFolder(stringLiteral: name), phone: phone, role: .user, now: noon)
        }
        for (number, name) in ["a", "b", "del"].enumerated() {
            let id = try await catalog.ingest.accept(
                "anna/\(name).mp3", content: UInt8(number), inode: UInt64(number + 10)
            ).recording
            try #require(try await catalog.jobs.claimNext()?.id == id)
            _ = try await catalog.jobs.complete(
                id, transcript: transcript("first \(name)"), speech: 1, engineSeconds: 1, now: noon)
            try await catalog.writeDue(id, at: "anna/\(name).mp3.txt")
        }
        try await execute(
            """
            INSERT INTO access_tokens (jti, user_id, created_at, expires_at, ends_at)
                VALUES ('old', 1, '', '9', 9e9), ('kept', 2, '', '9', 9e9);
            INSERT INTO known_peers (user_id, peer, seen_at) VALUES (1, 'p', 1), (2, 'q', 1);
            INSERT INTO steady_time (id, time, boot, uptime, wall) VALUES (1, 5, 'b', 5, 5);
            """, in: catalog)
        try await catalog.backUp(to: backup)
        try await execute(
            """
            DELETE FROM access_tokens WHERE jti = 'old';
            DELETE FROM known_peers WHERE peer = 'p';
            DELETE FROM audio_records WHERE id = 3;
            UPDATE audio_records SET path = CAST('anna/z.mp3' AS BLOB) WHERE id = 1;
            UPDATE audio_records SET path = CAST('anna/a.mp3' AS BLOB) WHERE id = 2;
            UPDATE sidecars SET path = CAST('anna/z.mp3.txt' AS BLOB) WHERE audio_record_id = 1;
            UPDATE sidecars SET path = CAST('anna/a.mp3.txt' AS BLOB) WHERE audio_record_id = 2;
            UPDATE users SET phone_number = NULL WHERE id = 2;
            UPDATE users SET phone_number = '+998900000002', quota_files = 77 WHERE id = 1;
            UPDATE users SET phone_number = '+998900000001', is_active = 0 WHERE id = 2;
            INSERT INTO hook_receivers (name) VALUES ('program');
            INSERT INTO hook_events (kind, audio_record_id, path, facts, at) VALUES ('completed', 1, x'61', '{}', '');
            """, in: catalog)
        for id in [first, second] {
            let edit = TranscriptEdit(
                recording: RecordingID(rawValue: id), scope: .everyone, text: "second \(id)", author: nil,
                origin: .socket, expected: nil)
            guard case .edited = try await catalog.revisions.edit(edit, now: noon) else {
                throw CocoaError(.featureUnsupported)
            }
        }
        try await catalog.close()
    }

    private func execute(_ sql: String, in catalog: Catalog) async throws {
        try await catalog.database.write("test") { try $0.execute(sql: sql) }
    }

    /// Each row of each table, except for what belongs to one database file only.
    private func contents() throws -> [String] {
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        defer { try? queue.close() }
        return try queue.read { database in
            try CatalogTable.all(in: database).flatMap { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \(table.name)").map { "\(table.name): \($0)" }
                    .sorted()
            }
                + Row.fetchAll(database, sql: "SELECT * FROM recording_counts WHERE count > 0").map {
                    "\($0)"
                }.sorted()
        }
    }

    /// Damages the root pages of these tables or indexes.
    private func damage(_ names: [String]) throws {
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        let pages = try queue.read { database in
            try names.map { name in
                try #require(
                    try Int.fetchOne(
                        database, sql: "SELECT rootpage FROM sqlite_master WHERE name = ?", arguments: [name])
                )
            }
        }
        try queue.close()
        let descriptor = open(file, O_RDWR)
        defer { close(descriptor) }
        for page in pages {
            pwrite(descriptor, [UInt8](repeating: 0xA5, count: 4096), 4096, off_t((page - 1) * 4096))
        }
    }

    private func values(_ sql: String, in catalog: Catalog) async throws -> [String?] {
        try await catalog.database.read("test") { try Optional<String>.fetchAll($0, sql: sql) }
    }

    private func expectConsistent(_ catalog: Catalog) async throws {
        #expect(try await values("PRAGMA integrity_check", in: catalog) == ["ok"])
        let broken = try await catalog.database.read("test") {
            try Row.fetchAll($0, sql: "PRAGMA foreign_key_check").count
        }
        #expect(broken == 0)
    }

    /// An index follows from its table.
    @Test(arguments: [nil, "audio_records_inode"])
    func readableTablesAreUnchanged(damaged: String?) async throws {
        try await fill()
        let before = try contents()
        if let damaged { try damage([damaged]) }
        let report = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        #expect(report.lost == 0 && report.backup == nil && !report.endedSessions)
        let after = try contents()
        #expect(after == before, "\(Set(after).symmetricDifference(before))")
        let catalog = try await Catalog.open(file)
        try await expectConsistent(catalog)
        try await catalog.close()
    }

    @Test(arguments: [
        ["audio_records"], ["audio_records", "events"], ["audio_records", "sidecars"], ["users"],
        ["access_tokens"],
        ["known_peers"], ["transcript_revisions"], ["sidecars"], ["users", "audio_records"],
        ["sqlite_sequence"],
    ])
    func nothingComesBack(damaged: [String]) async throws {
        try await fill()
        try damage(damaged)
        let report = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        let catalog = try await Catalog.open(file)
        try await expectConsistent(catalog)
        let bounding = !SalvagedTable.sessionTables.isDisjoint(with: damaged)
        #expect(report.endedSessions == bounding)
        #expect(try await values("SELECT jti FROM access_tokens", in: catalog) == (bounding ? [] : ["kept"]))
        #expect(try await values("SELECT peer FROM known_peers", in: catalog) == (bounding ? [] : ["q"]))
        #expect(try await catalog.recordings.find(RecordingID(rawValue: deleted)) == nil)
        // Pending events are delivered once.
        #expect(try await values("SELECT facts FROM hook_events", in: catalog) == ["{}"])
        #expect(try await values("SELECT receiver FROM hook_deliveries", in: catalog) == ["program"])
        // Ids are not given again.
        let next = try await catalog.ingest.accept("anna/new.mp3", content: 9, inode: 99).recording
        #expect(next.rawValue == 4)
        for id in [first, second] {
            let shown = try await catalog.revisions.find(nil, of: RecordingID(rawValue: id), in: .everyone)?
                .text
            #expect(shown == "second \(id)")
        }
        if !damaged.contains("users") {
            let phones = try await values("SELECT phone_number FROM users ORDER BY id", in: catalog)
            #expect(phones == ["+998900000002", "+998900000001"])
            #expect(try await catalog.users.find(UserID(rawValue: anna))?.quota.files == 77)
            #expect(try await catalog.users.find(UserID(rawValue: bob))?.isActive == false)
        } else {
            #expect(report.usersOfBackup == 2)
        }
        try await catalog.close()
    }

    /// A text that may be another's by now is nobody's.
    @Test func aTextsPlaceIsNotTakenFromTheBackupForAnother() async throws {
        try await fill()
        try damage(["audio_records", "sidecars"])
        _ = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        let catalog = try await Catalog.open(file)
        #expect(try await values("SELECT path FROM sidecars", in: catalog) == [])
        try await catalog.close()
    }

    /// Some recordings are current, others come from the backup: a unique value is not given to two of them.
    @Test func rowWithATakenUniqueValueLosesThatValue() async throws {
        try await fill()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        // Simulates unreadable pages: nothing else remains of the row.
        try await queue.write {
            try $0.execute(
                sql: """
                    PRAGMA ignore_check_constraints = ON;
                    UPDATE audio_records SET audio_state = 'rubbish' WHERE id = 1;
                    UPDATE users SET role = 'rubbish' WHERE id = 2;
                    """)
        }
        try queue.close()
        let report = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        #expect(report.rowsOfBackup == 2 && report.usersOfBackup == 1 && report.endedSessions)
        let catalog = try await Catalog.open(file)
        try await expectConsistent(catalog)
        #expect(try await catalog.recordings.current(inboxPath("anna/a.mp3"))?.id.rawValue == second)
        let former = try #require(try await catalog.recordings.find(RecordingID(rawValue: first)))
        #expect(former.audio == .replaced)
        #expect(try await catalog.recordings.transcript(of: former.id)?.text == "second 1")
        let phones = try await values("SELECT phone_number FROM users ORDER BY id", in: catalog)
        #expect(phones == ["+998900000002", nil])
        try await catalog.close()
    }

    @Test func withoutTheCatalogTheBackupIsAllButNobodyIsLetIn() async throws {
        try await fill()
        unlink(file)
        let report = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        #expect(report.setAside == nil && report.endedSessions && report.usersOfBackup == 2)
        let catalog = try await Catalog.open(file)
        try await expectConsistent(catalog)
        #expect(try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 9).total == 3)
        #expect(try await values("SELECT jti FROM access_tokens", in: catalog) == [])
        // It is still the same catalog, which may replace its backup.
        #expect(try await catalog.backUp(to: backup) == .replaced)
        try await catalog.close()
    }
}
