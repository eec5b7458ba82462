import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Texts beside recordings of which the backup alone knows.
@Suite(.timeLimit(.minutes(2))) struct RebuildSidecarTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }
    private var backup: String { file + ".backup" }
    private var inbox: String { folder.path("inbox") }

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        try folder.makeFolder("inbox/ali")
    }

    private func identity(of name: String) throws -> FileIdentity {
        var status = stat()
        try #require(lstat(folder.path("inbox/" + name), &status) == 0)
        return FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec), changed: 1
        )
    }

    /// One recording with its text, a backup, and no catalog.
    private func fill() async throws {
        try folder.write("audio", to: "inbox/ali/a.mp3")
        try folder.write("words\n", to: "inbox/ali/a.mp3.txt")
        let catalog = try await Catalog.open(file)
        let id = try await catalog.ingest.accept(
            inboxPath("ali/a.mp3"), identity: identity(of: "ali/a.mp3"), facts: facts(1), now: noon
        ).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("words"), speech: 1, engineSeconds: 1, now: noon)
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        let sidecar = Sidecar(
            recording: id, kind: .transcript, path: try inboxPath("ali/a.mp3.txt"),
            identity: try identity(of: "ali/a.mp3.txt"))
        try await catalog.sidecars.written(sidecar, due: due, now: noon)
        try await catalog.backUp(to: backup)
        try await catalog.close()
        unlink(file)
    }

    private func rebuiltSidecars() async throws -> [String] {
        let report = try await CatalogRebuild(file: file, backup: backup, inbox: inbox).run(now: noon)
        #expect(report.backup == backup)
        let catalog = try await Catalog.open(file, backup: backup)
        let owned = try await catalog.sidecars.owned(of: RecordingID(rawValue: 1)).map(\.path.text)
        try await catalog.close()
        return owned
    }

    @Test func aTextThatIsAsItWasIsItsRecordings() async throws {
        try await fill()
        #expect(try await rebuiltSidecars() == ["ali/a.mp3.txt"])
    }

    /// The audio may have been moved: the text is the very file.
    @Test func aTextThatIsAsItWasNeedsNoAudio() async throws {
        try await fill()
        folder.remove("inbox/ali/a.mp3")
        #expect(try await rebuiltSidecars() == ["ali/a.mp3.txt"])
    }

    /// It is read as an edit at the next start.
    @Test func aTextThatWasSavedSinceIsItsRecordings() async throws {
        try await fill()
        try folder.write("other words\n", to: "inbox/ali/a.mp3.txt")
        #expect(try await rebuiltSidecars() == ["ali/a.mp3.txt"])
    }

    /// The inbox was restored on another disk: the same files have other inodes.
    @Test func copiedFilesAreTheSame() async throws {
        try await fill()
        let name = folder.path("inbox/ali/a.mp3")
        var status = stat()
        try #require(lstat(name, &status) == 0)
        try folder.write("audio", to: "inbox/ali/copy")
        let times = [status.st_atim, status.st_mtim]
        try #require(utimensat(AT_FDCWD, folder.path("inbox/ali/copy"), times, 0) == 0)
        try folder.rename("inbox/ali/copy", to: "inbox/ali/a.mp3")
        try folder.write("saved since\n", to: "inbox/ali/a.mp3.txt")
        #expect(try await rebuiltSidecars() == ["ali/a.mp3.txt"])
    }

    /// Another recording has the name now, and the text is that one's.
    @Test func aTextBesideOtherAudioIsNotTaken() async throws {
        try await fill()
        try folder.write("other words\n", to: "inbox/ali/a.mp3.txt")
        try folder.write("other audio", to: "inbox/ali/a.mp3")
        #expect(try await rebuiltSidecars() == [])
    }

    @Test func noInboxNoTexts() async throws {
        try await fill()
        folder.remove("inbox")
        #expect(try await rebuiltSidecars() == [])
    }

    /// An empty file is no backup of an empty catalog, nor is a database of something else.
    @Test(arguments: [false, true]) func unusableBackupIsTold(isDatabase: Bool) async throws {
        try await fill()
        truncate(backup, 0)
        if isDatabase {
            let queue = try DatabaseQueue(path: backup)
            try await queue.write { try $0.execute(sql: "CREATE TABLE t (x)") }
            try queue.close()
        }
        let error = await #expect(throws: CatalogError.self) {
            try await Catalog.open(self.file, backup: self.backup)
        }
        #expect(error?.code == .missing)
        let report = try await CatalogRebuild(file: file, backup: backup, inbox: inbox).run(now: noon)
        #expect(report.unusableBackups == [backup] && report.backup == nil)
    }

    @Test func temporaryFilesOfAKilledRebuildAreRemoved() async throws {
        let catalog = try await Catalog.open(file)
        try await catalog.close()
        for ending in [".rebuilt", ".rebuilt-journal", ".salvage", ".salvage-wal", ".base"] {
            try folder.write("rest", to: "kotib.sqlite" + ending)
        }
        let again = try await Catalog.open(file)
        try await again.close()
        #expect(try folder.names().sorted() == ["inbox", "kotib.sqlite"])
    }

    @Test(arguments: [("", DisplacedFile.database), ("-wal", .log), ("-shm", .log)])
    func aFileThatIsRemovedOrReplacedIsNoticed(ending: String, displaced: DisplacedFile) async throws {
        let catalog = try await Catalog.open(file)
        #expect(await catalog.displacedFile() == nil)
        try folder.rename("kotib.sqlite" + ending, to: "away")
        #expect(await catalog.displacedFile() == displaced)
        try folder.write("another", to: "kotib.sqlite" + ending)
        #expect(await catalog.displacedFile() == displaced)
        try folder.rename("away", to: "kotib.sqlite" + ending)
        #expect(await catalog.displacedFile() == nil)
        try await catalog.close()
    }
}
