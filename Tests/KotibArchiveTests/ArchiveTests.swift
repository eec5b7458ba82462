import Foundation
import Glibc
import KotibCatalog
import KotibComponents
import KotibIngest
import KotibIngestTestSupport
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibWatch
import Logging
import Testing

@testable import KotibArchive

@Suite struct ArchiveTests {
    @Test(arguments: [false, true])
    func afterItsAgeTheAudioGoesAndTheWordsStay(isOtherDisk: Bool) async throws {
        let world = try ArchiveFixture(isOtherDisk: isOtherDisk)
        let id = try await world.transcribed()
        let file = world.inbox.folder.path("ali/talk.wav")
        try #require(chmod(file, 0o640) == 0)
        try await world.inbox.handle("ali/talk.wav")
        let before = try world.status(file)

        let pause = try await world.pass()
        #expect(pause > .seconds(900) && pause < .seconds(1001))
        #expect(try await world.audio(id) == .present)
        #expect(try world.names().isEmpty)

        world.elapse(2000)
        try await world.pass()
        #expect(try await world.audio(id) == .gone)
        #expect(try await world.archivedAt(id) != nil)
        #expect(try world.inbox.names() == ["talk.wav.txt"])
        #expect(try world.names() == ["talk.wav"])
        let after = try world.status(world.place.path("archive/ali/talk.wav"))
        #expect(after.st_mode == before.st_mode && after.st_uid == before.st_uid)
        #expect(
            after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec)
        #expect((after.st_ino == before.st_ino) == !isOtherDisk)
        #expect(try await world.sound(id) == "speech")
        let line = try #require(world.inbox.log.lines.first { $0.message == "recording archived" })
        #expect(line.metadata["file"]?.description == "ali/talk.wav")
        #expect(line.metadata["archived"]?.description == "ali/talk.wav")

        // The watcher tells of what went, and looks at everything.
        await world.inbox.pipeline.handle(.removed(try world.inbox.path("ali/talk.wav")))
        await world.inbox.pipeline.handle(.scanFinished)
        #expect(try await world.archivedAt(id) != nil)
        #expect(world.inbox.logged("recording removed, transcript kept") == 0)
        #expect(world.problems.isEmpty)
    }

    @Test(arguments: [false, true])
    func archivedRecordingsAreEditedButNotTranscribedAgain(isOtherDisk: Bool) async throws {
        let world = try ArchiveFixture(isOtherDisk: isOtherDisk)
        let id = try await world.archived()
        #expect(try await world.actions.retry(id, in: .everyone) == .archived)
        try world.inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
        try await world.inbox.sidecars.editor.saved(world.inbox.path("ali/talk.wav.txt"))
        #expect(try await world.inbox.catalog.listing.entry(id, in: .everyone)?.text == "Mine.")
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: "Yours.", author: nil, origin: .socket, expected: nil)
        _ = try await world.actions.edit(edit)
        #expect(world.inbox.folder.read("ali/talk.wav.txt") == "Yours.\n")
        #expect(try await world.archivedAt(id) != nil)
    }

    @Test(arguments: [false, true])
    func aDeletedRecordingsAudioGoesFromTheArchiveToo(isOtherDisk: Bool) async throws {
        let world = try ArchiveFixture(isOtherDisk: isOtherDisk)
        let id = try await world.archived()
        #expect(try await world.actions.delete(id, in: .everyone))
        #expect(try world.names().isEmpty)
        #expect(try world.inbox.names().isEmpty)
        #expect(try world.inbox.rows() == 0)
    }

    /// Deleting the recording deletes both the file that was put back and the one in the archive.
    @Test func restoredRecordingRestsAndIsDeletedCompletely() async throws {
        let world = try ArchiveFixture()
        let id = try await world.archived()
        world.elapse(0)
        try await world.inbox.drop("speech")
        #expect(try await world.audio(id) == .present)
        #expect(try await world.archivedAt(id) == nil)
        #expect(world.inbox.folder.read("ali/talk.wav.txt") == "Hello.\n")
        let pause = try await world.pass()
        #expect(pause > .seconds(900))
        #expect(try await world.audio(id) == .present)

        // Once more of age it takes the place that it has.
        world.elapse(2000)
        try await world.pass()
        #expect(try await world.archivedAt(id) != nil)
        #expect(try world.names() == ["talk.wav"])
        #expect(try world.inbox.names() == ["talk.wav.txt"])

        try await world.inbox.drop("speech", "ali/other.wav")
        #expect(try await world.audio(id) == .present)
        #expect(try await world.inbox.current("ali/other.wav")?.id == id)
        #expect(try await world.actions.delete(id, in: .everyone))
        #expect(try world.names().isEmpty && world.inbox.names().isEmpty)
    }

    @Test(arguments: [false, true])
    func aNameThatIsTakenGetsANumber(isOtherDisk: Bool) async throws {
        let world = try ArchiveFixture(isOtherDisk: isOtherDisk)
        try world.place.makeFolder("archive/ali")
        try world.place.write("a stranger's", to: "archive/ali/talk.wav")
        let first = try await world.archived()
        let second = try await world.archived("another speech")
        #expect(try await world.audio(first) == .replaced)
        #expect(try world.names() == ["talk (2).wav", "talk (3).wav", "talk.wav"])
        #expect(world.content("ali/talk.wav") == "a stranger's")
        #expect(try await world.sound(first) == "speech")
        #expect(try await world.sound(second) == "another speech")
        #expect(try await world.actions.delete(first, in: .everyone))
        #expect(try world.names() == ["talk (3).wav", "talk.wav"])
    }

    @Test func foldersAreNoMoreOpenThanInTheInbox() async throws {
        let world = try ArchiveFixture()
        try world.inbox.folder.makeFolder("ali/2026")
        try #require(chmod(world.inbox.folder.path("ali/2026"), 0o2750) == 0)
        try #require(chmod(world.inbox.folder.path("ali"), 0o700) == 0)
        _ = try await world.archived("speech", "ali/2026/talk.wav")
        #expect(try world.status(world.place.path("archive/ali")).st_mode & 0o7777 == 0o700)
        #expect(try world.status(world.place.path("archive/ali/2026")).st_mode & 0o7777 == 0o2750)
        #expect(world.content("ali/2026/talk.wav") == "speech")
    }

    /// If the daemon may not give a copy away, its own group gets no access to it.
    @Test(arguments: [false, true])
    func aCopyIsWhoseTheFileWasOrForNobodyElse(mayGiveAway: Bool) async throws {
        guard geteuid() == 0 else { return }
        let world = try ArchiveFixture(
            isOtherDisk: true,
            archiveFault: { $0.name == "setOwner" && !mayGiveAway ? EPERM : nil })
        let id = try await world.transcribed()
        let file = world.inbox.folder.path("ali/talk.wav")
        try #require(chown(file, 1234, 1235) == 0 && chmod(file, 0o660) == 0)
        try await world.inbox.handle("ali/talk.wav")
        world.elapse(2000)
        try await world.pass()
        #expect(try await world.archivedAt(id) != nil)
        let copy = try world.status(world.place.path("archive/ali/talk.wav"))
        if mayGiveAway {
            #expect(copy.st_uid == 1234 && copy.st_gid == 1235 && copy.st_mode & 0o7777 == 0o660)
        } else {
            #expect(copy.st_uid == 0 && copy.st_gid == 0 && copy.st_mode & 0o7777 == 0o600)
        }
    }

    /// Another file is saved under the name between the check and each further step.
    @Test(arguments: [(false, "move"), (true, "openForReading"), (true, "rename keep")])
    func fileThatReplacesItMeanwhileStays(isOtherDisk: Bool, step: String) async throws {
        let switched = BeforeStep()
        let world = try ArchiveFixture(isOtherDisk: isOtherDisk, fault: { switched.pass($0, step) })
        let id = try await world.transcribed()
        try world.inbox.folder.write("other", to: "ali/new")
        let (new, old) = (world.inbox.folder.path("ali/new"), world.inbox.folder.path("ali/talk.wav"))
        switched.arm { rename(new, old) }
        world.elapse(2000)
        try await world.pass()
        #expect(switched.wasHit)
        #expect(world.inbox.folder.read("ali/talk.wav") == "other")
        #expect(try await world.inbox.catalog.archive.unfinished(after: nil, limit: 1).isEmpty)
        #expect(try world.names().filter { $0 != "talk.wav" }.isEmpty)
        try await world.inbox.handle("ali/talk.wav")
        #expect(try await world.audio(id) == .replaced)
        #expect(try await world.inbox.current()?.id != id)
        #expect(world.inbox.folder.read("ali/talk.wav") == "other")
    }

    @Test func touchedFileIsExaminedFirst() async throws {
        let world = try ArchiveFixture()
        let id = try await world.transcribed()
        let times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, world.inbox.folder.path("ali/talk.wav"), times, 0) == 0)
        world.elapse(2000)
        let pause = try await world.pass()
        #expect(pause == .seconds(300))
        #expect(try await world.audio(id) == .present)
        try await world.pass()
        #expect(try await world.archivedAt(id) != nil)
    }

    /// The file was removed without an event.
    @Test func missingFileIsRemovedAndNotArchived() async throws {
        let world = try ArchiveFixture()
        let id = try await world.transcribed()
        world.inbox.folder.remove("ali/talk.wav")
        world.elapse(2000)
        try await world.pass()
        #expect(try await world.audio(id) == .gone)
        #expect(try await world.archivedAt(id) == nil)
        #expect(world.inbox.logged("recording removed, transcript kept") == 1)
    }

    @Test func fileOpenForWritingWaits() async throws {
        let world = try ArchiveFixture()
        let id = try await world.transcribed()
        world.elapse(2000)
        do {
            let descriptor = open(world.inbox.folder.path("ali/talk.wav"), O_WRONLY | O_CLOEXEC)
            let file = OpenFile(owning: descriptor)
            defer { withExtendedLifetime(file) {} }
            try await world.pass()
            #expect(try await world.audio(id) == .present)
        }
        try await world.pass()
        #expect(try await world.archivedAt(id) != nil)
    }

    @Test func manyAreArchivedInOnePass() async throws {
        let world = try ArchiveFixture()
        for number in 0..<40 { try await world.transcribed("speech \(number)", "ali/\(number).wav") }
        world.elapse(2000)
        let pause = try await world.pass()
        #expect(try world.names().count == 40)
        #expect(try world.inbox.counts(.gone) == 40)
        // There is nothing that could come of age sooner.
        #expect(pause == ArchiveFixture.age)
    }

    /// Earlier archived audio stays available, and interrupted moves are completed.
    @Test func withoutAnAgeNothingMoreIsArchived() async throws {
        let world = try ArchiveFixture()
        let id = try await world.archived()
        try await world.transcribed("more speech", "ali/more.wav")
        let scheduler = try #require(world.inbox.components.archiveScheduler(age: nil))
        #expect(await scheduler.pass() == .seconds(3600))
        #expect(try world.inbox.names().contains("more.wav"))
        #expect(try await world.sound(id) == "speech")
        #expect(try IngestFixture().components.archiveScheduler(age: .seconds(1)) == nil)
    }

    @Test(arguments: [
        ("talk.wav", 1, "talk.wav"), ("talk.wav", 2, "talk (2).wav"), ("a.b.wav", 12, "a.b (12).wav"),
        (".wav", 2, ".wav (2)"), ("talk", 3, "talk (3)"),
    ])
    func names(name: String, number: Int, expected: String) {
        #expect(ArchiveName.bytes(Array(name.utf8), number) == Array(expected.utf8))
    }

    @Test func longNamesAreCutBetweenCharacters() {
        let name = Array(String(repeating: "я", count: 125).utf8) + Array(".wav".utf8)
        let cut = ArchiveName.bytes(name, 2)
        #expect(cut.count <= 255 && String(validating: cut, as: UTF8.self)?.hasSuffix("я (2).wav") == true)
        #expect(ArchiveName.bytes(name, 1) == name)
        // Any bytes are a name.
        #expect(ArchiveName.bytes([0xFF] + Array(".wav".utf8), 2) == [0xFF] + Array(" (2).wav".utf8))
    }
}
