import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

@Suite(.timeLimit(.minutes(2))) struct RebuildTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }
    private var backup: String { file + ".backup" }
    private static let recordings = 200

    init() throws { folder = try TemporaryFolder() }

    /// Adds two users, one with a number, and recordings with text, every fifth edited by hand.
    private func fill() async throws {
        let catalog = try await Catalog.open(file)
        _ = try await catalog.users.add(
            folder: "ali", phone: "+998901234567", role: .admin, now: noon)
        for number in 0..<Self.recordings {
            let user = number.isMultiple(of: 2) ? "ali" : "malika"
            let id = try await catalog.ingest.accept(
                "\(user)/\(number).mp3", content: UInt8(number), inode: UInt64(number)
            ).recording
            try #require(try await catalog.jobs.claimNext()?.id == id)
            _ = try await catalog.jobs.complete(
                id, transcript: transcript(Self.words(number)), speech: 1, engineSeconds: 1, now: noon)
            if number.isMultiple(of: 5) { try await edit(catalog, id, "edited \(number)") }
        }
        try await catalog.close()
    }

    private static func words(_ number: Int) -> String {
        "word\(number) " + String(repeating: "gap ", count: 200)
    }

    private func edit(_ catalog: Catalog, _ id: RecordingID, _ text: String) async throws {
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: nil)
        guard case .edited = try await catalog.revisions.edit(edit, now: noon) else {
            throw CocoaError(.featureUnsupported)
        }
    }

    private func damage(_ pages: some Sequence<Int>, with byte: UInt8 = 0x5A) throws {
        var bytes = try Data(contentsOf: URL(filePath: file))
        for page in pages where (page + 1) * 4096 <= bytes.count {
            bytes.replaceSubrange(page * 4096..<(page + 1) * 4096, with: Data(repeating: byte, count: 4096))
        }
        try bytes.write(to: URL(filePath: file))
    }

    private func rebuilt(_ now: Date = noon) async throws -> (RebuildReport, Catalog) {
        let report = try await CatalogRebuild(file: file, backup: backup).run(now: now)
        return (report, try await Catalog.open(file))
    }

    private func counted(_ catalog: Catalog) async throws -> Int {
        try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 1).total
    }

    private func expectConsistent(_ catalog: Catalog) async throws {
        try await catalog.database.read("test") { database in
            #expect(try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok")
            #expect(try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").isEmpty)
            let wrong = try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM users u WHERE used_files <> (SELECT count(*) FROM audio_records a
                        WHERE a.user_id = u.id AND a.audio_state = 'present'
                            AND a.transcription_status <> 'rejected')
                    """)
            #expect(wrong == 0)
        }
    }

    @Test func aSoundCatalogLosesNothing() async throws {
        try await fill()
        let (report, catalog) = try await rebuilt()
        #expect(report.lost == 0 && report.backup == nil && !report.endedSessions)
        #expect(try await counted(catalog) == Self.recordings)
        let user = try #require(try await catalog.users.page(folder: "ali", skip: 0, limit: 1).users.first)
        #expect(user.phone == "+998901234567" && user.role == .admin)
        let id = try #require(try await catalog.recordings.current(inboxPath("ali/10.mp3"))).id
        #expect(
            try await catalog.listing.revisions(of: id)?.map(\.text) == [
                "edited 10", Self.words(10),
            ])
        var filter = RecordingFilter(scope: .everyone)
        filter.query = "word7"
        #expect(try await catalog.listing.page(filter, limit: 10).total == 1)
        try await expectConsistent(catalog)
        #expect(try await catalog.adoption.adoptsTexts())
        try await catalog.close()
        // The earlier file is still there, as it was, and for nobody else to read.
        let aside = try #require(report.setAside)
        #expect(FileManager.default.fileExists(atPath: aside) && aside.contains(".damaged-"))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!left.contains { $0.contains(".rebuilt") || $0.contains(".salvage") })
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    /// The pages of the recordings and of their indexes that have rows, counted from 0
    /// (https://www.sqlite.org/dbstat.html).
    private func pagesOfRecordings() throws -> [Int] {
        try DatabaseQueue(path: file).read { database in
            try Int.fetchAll(
                database,
                sql: """
                    SELECT pageno - 1 FROM dbstat WHERE pagetype = 'leaf' AND name IN (
                        SELECT name FROM sqlite_schema WHERE tbl_name = 'audio_records')
                    """)
        }
    }

    /// Rows on other pages are kept.
    @Test func aDamagedPageCostsWhatIsOnIt() async throws {
        try await fill()
        let (whole, pages) = (try Data(contentsOf: URL(filePath: file)), try pagesOfRecordings())
        var generator = SeededGenerator(seed: 7)
        for (round, page) in pages.shuffled(using: &generator).prefix(12).enumerated() {
            try whole.write(to: URL(filePath: file))
            try damage([page], with: 0xA5)
            let (_, catalog) = try await rebuilt(noon + Double(round))
            let kept = try await counted(catalog)
            #expect(kept > Self.recordings * 8 / 10, "page \(page): \(kept)")
            try await expectConsistent(catalog)
            try await catalog.close()
        }
    }

    /// One wrong bit in the id of a row: the rows behind it are there.
    @Test func aWrongIDHidesNoOtherRow() async throws {
        try await fill()
        let page = try #require(
            try await DatabaseQueue(path: file).read { database in
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT pageno FROM dbstat WHERE name = 'audio_records' AND pagetype = 'leaf'
                        ORDER BY path LIMIT 1
                        """)
            })
        var bytes = try Data(contentsOf: URL(filePath: file))
        // A cell has the size of its payload, of two bytes here, and the id, of one
        // (https://www.sqlite.org/fileformat2.html#b_tree_pages).
        let start = (page - 1) * 4096
        let cell = start + Int(bytes[start + 10]) << 8 + Int(bytes[start + 11])
        try #require(bytes[cell] >= 0x80 && bytes[cell + 1] < 0x80 && bytes[cell + 2] == 2)
        bytes[cell + 2] = 2 | 64
        try bytes.write(to: URL(filePath: file))
        let (report, catalog) = try await rebuilt()
        #expect(report.lost > 0)
        #expect(try await counted(catalog) >= Self.recordings - 1)
        try await expectConsistent(catalog)
        try await catalog.close()
    }

    /// A page of the schema, of users or of a B-tree's interior may cost more.
    @Test func whicheverPageIsDamagedTheRestIsConsistent() async throws {
        try await fill()
        let whole = try Data(contentsOf: URL(filePath: file))
        var generator = SeededGenerator(seed: 7)
        for round in 0..<12 {
            try whole.write(to: URL(filePath: file))
            try damage([Int.random(in: 2..<whole.count / 4096, using: &generator)], with: 0xA5)
            let (_, catalog) = try await rebuilt(noon + Double(round))
            try await expectConsistent(catalog)
            try await catalog.close()
        }
    }

    @Test func lostPageComesFromTheBackup() async throws {
        try await fill()
        let catalog = try await Catalog.open(file)
        try await catalog.backUp(to: backup)
        let id = try #require(try await catalog.recordings.current(inboxPath("ali/10.mp3"))).id
        try await edit(catalog, id, "after the backup")
        try await catalog.close()
        let whole = try Data(contentsOf: URL(filePath: file))
        var generator = SeededGenerator(seed: 11)
        for round in 0..<8 {
            try whole.write(to: URL(filePath: file))
            try damage([Int.random(in: 2..<whole.count / 4096, using: &generator)], with: 0xA5)
            let (_, catalog) = try await rebuilt(noon + Double(round))
            #expect(try await counted(catalog) == Self.recordings)
            let shown = try await catalog.revisions.find(nil, of: id, in: .everyone)?.text
            #expect(shown == "after the backup" || shown == "edited 10")
            try await expectConsistent(catalog)
            try await catalog.close()
        }
    }

    @Test func withoutTheFirstPageTheBackupIsAll() async throws {
        try await fill()
        let catalog = try await Catalog.open(file)
        try await catalog.backUp(to: backup)
        let id = try #require(try await catalog.recordings.current(inboxPath("ali/10.mp3"))).id
        try await edit(catalog, id, "after the backup")
        try await catalog.close()
        try damage([0])
        let (report, made) = try await rebuilt()
        #expect(report.backup == backup && report.rowsOfBackup > Self.recordings && report.setAside != nil)
        #expect(try await counted(made) == Self.recordings)
        #expect(try await made.revisions.find(nil, of: id, in: .everyone)?.text == "edited 10")
        try await expectConsistent(made)
        try await made.close()
    }

    @Test(arguments: [Data("garbage".utf8), Data(), Data(repeating: 0, count: 100_000)])
    func nothingToReadIsAnEmptyCatalog(bytes: Data) async throws {
        try bytes.write(to: URL(filePath: file))
        let (report, catalog) = try await rebuilt()
        #expect(report.rows.allSatisfy { $0.count == 0 })
        #expect(try await counted(catalog) == 0)
        try await catalog.close()
        #expect(try Data(contentsOf: URL(filePath: #require(report.setAside))) == bytes)
    }

    @Test func revisionsWithoutTheirRecordingAreCounted() async throws {
        try await fill()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        try await queue.write { try $0.execute(sql: "DELETE FROM audio_records WHERE id = 1") }
        try queue.close()
        let (report, catalog) = try await rebuilt()
        #expect(report.unattachedRevisions == 2)
        try await expectConsistent(catalog)
        try await catalog.close()
    }

    /// Its rows go through the migrations since, as when it is opened.
    @Test func aCatalogOfAnEarlierVersionIsMigrated() async throws {
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        try Migrations.all.migrate(queue, upTo: "19 intents")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO users (id, folder, created_at) VALUES (7, CAST('ali' AS BLOB), '2027-01-15T08:00:00.000Z');
                    INSERT INTO access_tokens (jti, user_id, created_at, expires_at)
                        VALUES ('t', 7, '2027-01-15T08:00:00.000Z', '2027-01-16T08:00:00.000Z');
                    """)
        }
        try queue.close()
        let (report, catalog) = try await rebuilt()
        #expect(report.lost == 0 && !report.endedSessions)
        let end = try await catalog.database.read("test") {
            try Double.fetchOne($0, sql: "SELECT ends_at FROM access_tokens WHERE jti = 't'")
        }
        #expect(end == 1_800_086_400)
        try await catalog.close()
    }

    @Test func aUserWhoseRowIsLostIsKnownByTheFolder() async throws {
        try await fill()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        try await queue.write {
            try $0.execute(sql: "DELETE FROM users WHERE folder = CAST('malika' AS BLOB)")
        }
        try queue.close()
        let (report, catalog) = try await rebuilt()
        #expect(report.usersByFolder == 1)
        #expect(try await counted(catalog) == Self.recordings)
        #expect(try await catalog.recordings.current(inboxPath("malika/1.mp3"))?.user != nil)
        try await expectConsistent(catalog)
        try await catalog.close()
    }

    // MARK: - Backups

    @Test func aBackupIsACatalogOfItsOwn() async throws {
        try await fill()
        let catalog = try await Catalog.open(file)
        try await catalog.backUp(to: backup)
        try await catalog.ingest.accept("ali/later.mp3", content: 251, inode: 1000)
        try await catalog.backUp(to: backup)
        try await catalog.close()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["kotib.sqlite", "kotib.sqlite.backup"])
        let copy = try await Catalog.open(backup)
        #expect(try await counted(copy) == Self.recordings + 1)
        try await copy.close()
    }

    @Test func aDamagedCatalogReplacesNoBackup() async throws {
        try await fill()
        let catalog = try await Catalog.open(file)
        try await catalog.backUp(to: backup)
        let before = try Data(contentsOf: URL(filePath: backup))
        // A new frame in the log makes the connections drop their cached pages.
        _ = try await catalog.users.enroll("other")
        try garble(3..<40)
        let error = await #expect(throws: CatalogError.self) { try await catalog.backUp(to: backup) }
        #expect(error?.code == .corrupt)
        #expect(try Data(contentsOf: URL(filePath: backup)) == before)
        #expect(!FileManager.default.fileExists(atPath: backup + ".new"))
        for await damage in catalog.damageReports {
            #expect(damage.code == .corrupt)
            break
        }
        try? await catalog.close()
    }

    /// While it is open, past the connections' caches.
    private func garble(_ pages: Range<Int>) throws {
        let descriptor = open(file, O_RDWR)
        defer { close(descriptor) }
        let rubbish = [UInt8](repeating: 0xA5, count: 4096)
        for page in pages { pwrite(descriptor, rubbish, 4096, off_t(page * 4096)) }
    }

    @Test func damageThatSomebodyMeetsIsToldOnce() async throws {
        try await fill()
        let catalog = try await Catalog.open(file)
        try garble(2..<1000)
        // Readers may still have all of it in memory; who writes meets what is on the disk.
        for number in 0..<3 {
            let error = await #expect(throws: CatalogError.self) {
                try await catalog.ingest.accept("other/\(number).mp3", content: 252, inode: 2000)
            }
            #expect(error?.code == .corrupt)
        }
        var told = 0
        for await error in catalog.damageReports {
            #expect(error.code == .corrupt && error.description.contains("kotibd --rebuild"))
            told += 1
            try? await catalog.close()
        }
        #expect(told == 1)
    }

    // MARK: - Texts beside recordings

    @Test func aTextBesideAnUnknownRecordingIsItsWords() async throws {
        let catalog = try memoryCatalog()
        let words = ExistingText(
            path: try inboxPath("ali/a.mp3.txt"), identity: identity(50, size: 6), text: "salom",
            hash: [UInt8](repeating: 1, count: 32))
        let accepted = try await catalog.ingest.accept(
            inboxPath("ali/a.mp3"), identity: identity(1), facts: facts(1), under: Quotas(now: { noon }),
            adopting: words
        ).get()
        let recording = try #require(try await catalog.recordings.find(accepted.recording))
        #expect(recording.state == .completed && recording.sidecarDue == nil)
        #expect(try await catalog.recordings.transcript(of: recording.id)?.text == "salom")
        #expect(try await catalog.sidecars.owner(ofSidecar: words.path)?.recording == recording.id)
        #expect(try await catalog.jobs.claimNext() == nil)
    }

    @Test func recoveredRecordingCostsNoMinutes() async throws {
        let catalog = try memoryCatalog()
        let before = Int64(noon.timeIntervalSince1970) * 1_000_000_000
        try await catalog.database.write("test") {
            try $0.execute(
                sql: "INSERT INTO rebuilds (at) VALUES (?)", arguments: [Timestamp.text(noon + 60)])
        }
        for (number, changed) in [before, before + 120_000_000_000].enumerated() {
            let outcome = try await catalog.ingest.accept(
                inboxPath("ali/\(number).mp3"), identity: identity(UInt64(number), changed: changed),
                facts: facts(UInt8(number), duration: 7), under: Quotas(now: { noon + 180 }))
            _ = try outcome.get()
        }
        let user = try #require(
            try await catalog.users.page(folder: "ali", skip: 0, limit: 1).users.first)
        #expect(user.use.milliseconds == 7000 && user.use.files == 2)
    }

    /// An earlier version may have stored values that a worker made up (p01).
    @Test func aRowThatAnEarlierVersionStoredHarmsNobody() async throws {
        let catalog = try memoryCatalog()
        var lie = facts(1, duration: 1e300)
        lie.mediaType = "text/html\r\nX-Injected: 1"
        let id = try await catalog.ingest.accept(
            inboxPath("ali/a.mp3"), identity: identity(1), facts: lie, now: noon
        ).recording
        let facts = try #require(try await catalog.recordings.find(id)?.facts)
        #expect(facts.fault == nil && facts.mediaType == "application/octet-stream")
        #expect(facts.duration == AudioFacts.longestDuration)
    }
}
