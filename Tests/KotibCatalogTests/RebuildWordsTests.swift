import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// A rebuild that could not read the newest words leaves the file that has them to be read.
@Suite(.timeLimit(.minutes(2))) struct RebuildWordsTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }
    private var backup: String { file + ".backup" }
    private let text: InboxPath

    /// `printf first | sha256sum`, and of "second".
    private static let first = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e"
    private static let second = "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4"

    init() throws {
        folder = try TemporaryFolder()
        text = try inboxPath("ali/a.mp3.txt")
    }

    private func hash(_ digits: String) throws -> [UInt8] {
        try stride(from: 0, to: digits.utf8.count, by: 2).map { start in
            let pair = Array(digits.utf8)[start..<start + 2]
            return try #require(UInt8(String(decoding: pair, as: UTF8.self), radix: 16))
        }
    }

    /// A recording whose text is "first" in the backup and "second" in the catalog.
    /// - Parameters:
    ///   - hasHashes: as versions keep them that are not too old.
    ///   - isSaved: the text was edited in its file; otherwise over the socket, and is still to be written.
    private func fill(hasHashes: Bool = true, isSaved: Bool = true) async throws -> RecordingID {
        let catalog = try await Catalog.open(file)
        let id = try await catalog.ingest.accept("ali/a.mp3", content: 1, inode: 1).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("first"), speech: 1, engineSeconds: 1, now: noon)
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        let written = Sidecar(
            recording: id, kind: .transcript, path: text, identity: identity(50),
            words: hasHashes ? try hash(Self.first) : nil)
        try await catalog.sidecars.written(written, due: due, now: noon)
        try await catalog.backUp(to: backup)
        let saved = Sidecar(
            recording: id, kind: .transcript, path: text, identity: identity(51),
            words: hasHashes ? try hash(Self.second) : nil)
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: "second", author: nil,
            origin: isSaved ? .sidecar : .socket, expected: nil)
        let outcome = try await catalog.revisions.edit(edit, from: isSaved ? saved : nil, now: noon)
        guard case .edited = outcome else { throw CocoaError(.featureUnsupported) }
        try await catalog.close()
        return id
    }

    private func damageRoots(of tables: [String]) throws {
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        let pages = try queue.read { database in
            try tables.map { name in
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
            pwrite(descriptor, [UInt8](repeating: 0, count: 4096), 4096, off_t((page - 1) * 4096))
        }
    }

    private func rebuilt() async throws -> Catalog {
        _ = try await CatalogRebuild(file: file, backup: backup).run(now: noon)
        return try await Catalog.open(file)
    }

    @Test(arguments: [true, false]) func aTextWithLostWordsIsRead(hasHashes: Bool) async throws {
        let id = try await fill(hasHashes: hasHashes)
        try damageRoots(of: ["audio_records", "transcript_revisions"])
        let catalog = try await rebuilt()
        #expect(try await catalog.recordings.transcript(of: id)?.text == "first")
        #expect(try await catalog.sidecars.isTouchedTranscript([(text, identity(51))]) == [true])
        // What is read must not be taken for what was written.
        #expect(try await catalog.sidecars.owner(ofSidecar: text)?.words == nil)
        #expect(try await catalog.sidecars.owner(ofSidecar: text)?.inode == 51)
        try await catalog.close()
    }

    /// The recording alone comes from the backup, its words do not.
    @Test func aTextWithKnownWordsIsUntouched() async throws {
        let id = try await fill()
        try damageRoots(of: ["audio_records"])
        let catalog = try await rebuilt()
        #expect(try await catalog.recordings.transcript(of: id)?.text == "second")
        #expect(try await catalog.sidecars.isTouchedTranscript([(text, identity(51))]) == [false])
        try await catalog.close()
    }

    /// The file has earlier words, which are known; it would undo the edit if it was read.
    @Test func aTextThatIsDueIsUntouched() async throws {
        let id = try await fill(isSaved: false)
        try damageRoots(of: ["users"])
        let catalog = try await rebuilt()
        #expect(try await catalog.recordings.transcript(of: id)?.text == "second")
        #expect(try await catalog.sidecars.isTouchedTranscript([(text, identity(50))]) == [false])
        #expect(try await catalog.recordings.find(id)?.sidecarDue != nil)
        try await catalog.close()
    }

    /// The last page of a long text was lost in one of the two places that have it, and with it what follows.
    @Test(arguments: [
        "audio_records SET transcript_text", "audio_records SET revision_id = 0, transcript_text",
        "transcript_revisions SET text",
    ])
    func theWholeWordsAreShown(cut: String) async throws {
        let id = try await fill()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        let condition = cut.contains("revisions") ? "text = 'second'" : "id = \(id)"
        try await queue.write { try $0.execute(sql: "UPDATE \(cut) = 'sec' WHERE \(condition)") }
        try queue.close()
        let catalog = try await rebuilt()
        #expect(try await catalog.recordings.transcript(of: id)?.text == "second")
        let listed = try await catalog.database.read("test") {
            try String.fetchOne($0, sql: "SELECT transcript_text FROM audio_records")
        }
        #expect(listed == "second")
        #expect(try await catalog.listing.revisions(of: id)?.map(\.text) == ["second", "first"])
        try await catalog.close()
    }

    @Test func aRevisionThatLostTheEndOfItsRowCanBeRead() async throws {
        let id = try await fill()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        try await queue.write {
            try $0.execute(
                sql: "UPDATE transcript_revisions SET segments = '', created_at = '' WHERE text = 'second'")
        }
        try queue.close()
        let catalog = try await rebuilt()
        let revision = try #require(try await catalog.revisions.find(nil, of: id, in: .everyone))
        #expect(revision.text == "second" && revision.created == noon)
        try await catalog.close()
    }

    /// What tells of the deletion is behind a page that cannot be read.
    @Test func aDeletionBehindADamagedPageIsKnown() async throws {
        _ = try await fill()
        let before = try await Catalog.open(file)
        for number in 1...100 {
            try await before.ingest.accept(
                "ali/\(number).mp3", content: UInt8(number), inode: UInt64(number + 100))
        }
        try await before.database.write("test") {
            try $0.execute(sql: "DELETE FROM audio_records WHERE id = 1")
        }
        try await before.close()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        let pages = try await queue.read {
            try Int.fetchAll(
                $0, sql: "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path"
            )
        }
        try queue.close()
        try #require(pages.count > 1)
        let descriptor = open(file, O_RDWR)
        pwrite(descriptor, [UInt8](repeating: 0, count: 4096), 4096, off_t((pages[0] - 1) * 4096))
        close(descriptor)
        try damageRoots(of: ["audio_records", "transcript_revisions"])
        let catalog = try await rebuilt()
        #expect(try await catalog.recordings.find(RecordingID(rawValue: 1)) == nil)
        try await catalog.close()
    }

    /// The definitions of the tables are in the backup too.
    @Test func aDamagedPageOfTheSchemaComesFromTheBackup() async throws {
        let id = try await fill()
        let queue = try DatabaseQueue(path: file, configuration: CatalogFiles.configuration())
        let pages = try await queue.read {
            try Int.fetchAll(
                $0, sql: "SELECT pageno FROM dbstat WHERE name = 'sqlite_schema' AND pagetype = 'leaf'")
        }
        try queue.close()
        let whole = try Data(contentsOf: URL(filePath: file))
        for (round, page) in pages.enumerated() {
            try whole.write(to: URL(filePath: file))
            let descriptor = open(file, O_RDWR)
            pwrite(descriptor, [UInt8](repeating: 0, count: 4096), 4096, off_t((page - 1) * 4096))
            close(descriptor)
            let report = try await CatalogRebuild(file: file, backup: backup).run(now: noon + Double(round))
            #expect(report.lost == 0 && report.rowsOfBackup == 0, "page \(page)")
            let catalog = try await Catalog.open(file)
            #expect(try await catalog.recordings.transcript(of: id)?.text == "second", "page \(page)")
            try await catalog.close()
        }
        #expect(pages.count > 3)
    }

    @Test func aLimitOfFileSizesHasItsOwnAdvice() throws {
        errno = EFBIG
        #expect(CatalogFiles.fault("write", file).description.contains("RLIMIT_FSIZE"))
    }
}
