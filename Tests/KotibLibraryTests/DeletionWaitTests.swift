import FoundationEssentials
import GRDB
import Glibc
import KotibCatalog
import KotibComponents
import KotibHealth
import KotibIngest
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibLibrary

/// Threat 66: a recording is deleted while the place is away where its files lie.
@Suite struct DeletionWaitTests {
    private func transcribed(_ inbox: IngestFixture, _ name: String) async throws -> RecordingID {
        let id = try #require(try await inbox.drop("speech", name)).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        await inbox.sidecars.writer.jobFinished(id)
        return id
    }

    private func delete(_ id: RecordingID, _ inbox: IngestFixture) async throws -> MissingLocation? {
        let failure = await #expect(throws: FileNotRemoved.self) {
            try await inbox.actions.delete(id, in: .everyone)
        }
        #expect(failure?.isUnchanged == false)
        return failure?.waitsFor
    }

    /// Does what a scan does.
    private func scan(_ inbox: IngestFixture, _ folder: String) async throws {
        for name in try inbox.folder.names(in: folder) {
            // A text may have followed its recording meanwhile.
            guard let inboxEvent = try? inbox.inboxEvent("\(folder)/\(name)") else { continue }
            if await inbox.pipeline.isKnown([try candidate(inboxEvent)]) == [false] {
                await inbox.pipeline.handle(inboxEvent)
            }
        }
        await inbox.pipeline.handle(.scanFinished)
    }

    @Test func aFileSystemThatIsNotMountedIsWaitedFor() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/disk")
        let id = try await transcribed(inbox, "ali/disk/talk.wav")
        // The bare folder to mount at has another device than the disk.
        try inbox.folder.rename("ali/disk", to: "away")
        try inbox.folder.makeFolder("ali/disk")
        try await inbox.database.write {
            try $0.execute(sql: "UPDATE audio_records SET device = 1")
            try $0.execute(sql: "UPDATE sidecars SET device = 1")
        }
        #expect(try await delete(id, inbox) == .fileSystem)
        let board = inbox.board
        #expect(board.isOpen(.deletionsPending))
        #expect(try await inbox.catalog.recordings.find(id, in: .everyone) == nil)
        // Asked again, it waits still; nor does a scan forget it.
        #expect(try await delete(id, inbox) == .fileSystem)
        try await scan(inbox, "ali/disk")
        #expect(try inbox.rows() == 1)
        #expect(inbox.logged("deletion postponed") == 1)

        inbox.folder.remove("ali/disk")
        try inbox.folder.rename("away", to: "ali/disk")
        try await scan(inbox, "ali/disk")
        #expect(try inbox.folder.names(in: "ali/disk").isEmpty)
        #expect(try inbox.rows() == 0)
        #expect(!board.isOpen(.deletionsPending))
    }

    enum NewDisk: CaseIterable { case seen, scanFinished, withAnotherFile }

    /// The content of a disk was copied to another, which gave it other inodes and times.
    @Test(arguments: NewDisk.allCases)
    func fileOnANewDiskIsRecognizedByContent(_ new: NewDisk) async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/disk")
        let id = try await transcribed(inbox, "ali/disk/talk.wav")
        let hash = try ContentHash.sha256(
            of: inbox.disk.openForReading(inbox.path("ali/disk/talk.wav")).file)
        try inbox.folder.rename("ali/disk", to: "away")
        try inbox.folder.makeFolder("ali/disk")
        try await inbox.database.write {
            try $0.execute(
                sql: "UPDATE audio_records SET device = 1, sha256 = ?", arguments: [Data(hash)])
            try $0.execute(sql: "UPDATE sidecars SET device = 1")
        }
        #expect(try await delete(id, inbox) == .fileSystem)

        try inbox.folder.write(new == .withAnotherFile ? "spooch" : "speech", to: "ali/disk/talk.wav")
        try inbox.folder.write("Hello.\n", to: "ali/disk/talk.wav.txt")
        if new == .scanFinished { await inbox.pipeline.handle(.scanFinished) }
        try await scan(inbox, "ali/disk")
        #expect(try await inbox.catalog.recordings.find(id) == nil)
        if new == .withAnotherFile {
            #expect(inbox.folder.read("ali/disk/talk.wav") == "spooch")
            #expect(try await inbox.current("ali/disk/talk.wav")?.state == .pending)
        } else {
            #expect(try inbox.folder.names(in: "ali/disk").isEmpty)
            #expect(try inbox.rows() == 0)
        }
        #expect(!inbox.board.isOpen(.deletionsPending))
    }

    enum Return: CaseIterable { case sameName, otherName, otherNameAndScan }

    /// Hidden for a moment, or for good under another name.
    @Test(arguments: Return.allCases, [false, true])
    func aFolderThatWasRenamedIsWaitedFor(_ way: Return, _ isToldGone: Bool) async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/a")
        let id = try await transcribed(inbox, "ali/a/talk.wav")
        try inbox.folder.rename("ali/a", to: "ali/.a")
        if isToldGone { await inbox.pipeline.handle(.removed(try inbox.path("ali/a"))) }
        #expect(try await delete(id, inbox) == .folder)
        // The administrator need not do anything.
        #expect(inbox.board.openIssues.isEmpty)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.rows() == 1)

        let name = way == .sameName ? "ali/a" : "ali/b"
        try inbox.folder.rename("ali/.a", to: name)
        if way == .otherNameAndScan { await inbox.pipeline.handle(.scanFinished) }
        try await scan(inbox, name)
        #expect(try inbox.folder.names(in: name).isEmpty)
        #expect(try inbox.rows() == 0)
    }

    /// It may be on somebody's disk, and the clock may have been set.
    @Test func aFolderIsWaitedForHoweverLongItIsAway() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/a")
        let id = try await transcribed(inbox, "ali/a/talk.wav")
        try inbox.folder.rename("ali/a", to: "away")
        #expect(try await delete(id, inbox) == .folder)
        try await inbox.database.write {
            try $0.execute(sql: "UPDATE deletions SET requested_at = '2001-01-01T00:00:00.000Z'")
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.rows() == 1)
        try inbox.folder.rename("away", to: "ali/a")
        try await scan(inbox, "ali/a")
        #expect(try inbox.folder.names(in: "ali/a").isEmpty)
        #expect(try inbox.rows() == 0)
    }

    /// Transcribes `talk.wav` on a disk that is mounted at `ali/disk`, and unmounts that.
    private func unmount(
        _ inbox: IngestFixture, _ mounted: Shared<Set<[UInt8]>>
    ) async throws -> RecordingID {
        try inbox.folder.makeFolder("ali/disk")
        await inbox.pipeline.handle(.scanFinished)
        let id = try await transcribed(inbox, "ali/disk/talk.wav")
        try inbox.folder.rename("ali/disk", to: "away")
        try inbox.folder.makeFolder("ali/disk")
        mounted.change { $0 = [] }
        return id
    }

    /// A bind mount has the device number of the folder that it hides.
    @Test func aBindMountThatIsAwayIsWaitedFor() async throws {
        let mounted = Shared<Set<[UInt8]>>([Array("ali/disk".utf8)])
        let inbox = try IngestFixture(mounts: mounted)
        let id = try await unmount(inbox, mounted)
        #expect(try await delete(id, inbox) == .fileSystem)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await inbox.catalog.recordings.find(id) != nil)
        #expect(inbox.board.isOpen(.deletionsPending))

        inbox.folder.remove("ali/disk")
        try inbox.folder.rename("away", to: "ali/disk")
        mounted.change { $0 = [Array("ali/disk".utf8)] }
        try await scan(inbox, "ali/disk")
        #expect(try inbox.folder.names(in: "ali/disk").isEmpty)
        #expect(try inbox.rows() == 0)
        // A mount point without recordings is forgotten.
        mounted.change { $0 = [] }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await inbox.catalog.mounts.lost([]).isEmpty)
    }

    enum BareFolder: String, CaseIterable {
        case otherName = "other.wav"
        case sameName = "talk.wav"
    }

    /// Somebody uses the folder while nothing is mounted at it.
    @Test(arguments: BareFolder.allCases, [false, true])
    func filesInTheBareFolderEndNoWait(_ bare: BareFolder, isDeletedFirst: Bool) async throws {
        let mounted = Shared<Set<[UInt8]>>([Array("ali/disk".utf8)])
        let inbox = try IngestFixture(mounts: mounted)
        let id = try await unmount(inbox, mounted)
        if isDeletedFirst { #expect(try await delete(id, inbox) == .fileSystem) }
        try inbox.folder.write("another", to: "ali/disk/\(bare.rawValue)")
        if bare == .otherName { try inbox.folder.write("a stranger's", to: "ali/disk/talk.wav.txt") }
        try await scan(inbox, "ali/disk")
        if !isDeletedFirst { #expect(try await delete(id, inbox) == .fileSystem) }
        try await scan(inbox, "ali/disk")
        #expect(try await inbox.catalog.recordings.find(id) != nil)
        #expect(inbox.folder.read("ali/disk/\(bare.rawValue)") == "another")
        if bare == .otherName { #expect(inbox.folder.read("ali/disk/talk.wav.txt") == "a stranger's") }

        try inbox.folder.rename("ali/disk", to: "bare")
        try inbox.folder.rename("away", to: "ali/disk")
        mounted.change { $0 = [Array("ali/disk".utf8)] }
        try await scan(inbox, "ali/disk")
        #expect(try inbox.folder.names(in: "ali/disk").isEmpty)
        #expect(try await inbox.catalog.recordings.find(id) == nil)
    }

    /// A recording is renamed to the name of one that is being deleted, with its text, which a person has
    /// changed and nobody has read.
    @Test func anothersTextThatWasMovedThereStays() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, "ali/a.wav")
        _ = try await inbox.drop("other speech", "ali/b.wav")
        let other = try #require(try await inbox.current("ali/b.wav")).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            other, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        await inbox.sidecars.writer.jobFinished(other)
        for ending in ["", ".txt"] { try inbox.folder.rename("ali/b.wav\(ending)", to: "ali/a.wav\(ending)") }
        try inbox.folder.write("Changed.\n", to: "ali/a.wav.txt")
        #expect(try await inbox.actions.delete(id, in: .everyone))
        #expect(inbox.folder.read("ali/a.wav.txt") == "Changed.\n")
        #expect(inbox.folder.read("ali/a.wav") == "other speech")
        try await scan(inbox, "ali")
        try await waitUntil("the change is recorded") {
            await inbox.pipeline.handle(.scanFinished)
            try await scan(inbox, "ali")
            return try await inbox.catalog.recordings.transcript(of: other)?.text == "Changed."
        }
        #expect(try await inbox.current("ali/a.wav")?.id == other)
    }

    @Test func removedFileIsNotWaitedFor() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, "ali/talk.wav")
        try await inbox.lose("ali/talk.wav")
        #expect(try await inbox.actions.delete(id, in: .everyone))
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    @Test func nothingIsTranscribedAgainWhileItsDiskIsAway() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/disk")
        let id = try await transcribed(inbox, "ali/disk/talk.wav")
        try inbox.folder.rename("ali/disk", to: "away")
        try inbox.folder.makeFolder("ali/disk")
        try await inbox.database.write { try $0.execute(sql: "UPDATE audio_records SET device = 1") }
        #expect(try await inbox.actions.retry(id, in: .everyone) == .unreachable)
    }

    /// A refused folder or link stays where it is, and so does its row.
    @Test(arguments: [false, true]) func nonFileIsNotDeleted(_ isLink: Bool) async throws {
        let inbox = try IngestFixture()
        if isLink {
            try #require(symlink("elsewhere", inbox.folder.path("ali/talk.wav")) == 0)
        } else {
            try inbox.folder.makeFolder("ali/talk.wav")
        }
        try await inbox.handle("ali/talk.wav")
        let id = try #require(try await inbox.current()).id
        await #expect(throws: NotAFile.self) { try await inbox.actions.delete(id, in: .everyone) }
        #expect(try await inbox.catalog.recordings.find(id, in: .everyone)?.state == .rejected)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
        try await inbox.lose("ali/talk.wav")
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.rows() == 0)
    }

    @Test func nothingIsForgottenWhileTheInboxIsInDoubt() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox, "ali/talk.wav")
        try inbox.folder.rename("ali", to: "away")
        try inbox.folder.makeFolder("ali")
        inbox.board.report(.rootReplaced)
        #expect(try await delete(id, inbox) == .fileSystem)
        inbox.folder.remove("ali")
        try inbox.folder.rename("away", to: "ali")
        inbox.board.resolve(.rootReplaced)
        try await scan(inbox, "ali")
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    /// A copy of the same content that is put there later is a new recording: only the original file is
    /// deleted.
    @Test func aCopyThatIsPutThereIsKept() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/a")
        let id = try await transcribed(inbox, "ali/a/talk.wav")
        try inbox.folder.rename("ali/a", to: "ali/.a")
        #expect(try await delete(id, inbox) == .folder)
        let copy = try #require(try await inbox.drop("speech", "ali/copy.wav"))
        #expect(copy.id != id)
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.folder.read("ali/copy.wav") == "speech")
        #expect(try await inbox.catalog.recordings.find(copy.id, in: .everyone) != nil)
    }
}
