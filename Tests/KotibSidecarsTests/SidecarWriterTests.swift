import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import Testing

@Suite struct SidecarWriterTests {
    private let inbox: SidecarFixture

    init() throws { inbox = try SidecarFixture() }

    @Test func wordsStandBesideTheRecordingAndAreRegistered() async throws {
        let id = try await inbox.transcribed("Salom, dunyo.")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.txt") == "Salom, dunyo.\n")
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"])
        #expect(try await !inbox.isDue(id))
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test(arguments: [(0o600, 0o600), (0o644, 0o644)] as [(UInt32, UInt16)])
    func wordsAreNoMorePublicThanTheRecording(_ ofAudio: UInt32, _ ofText: UInt16) async throws {
        try inbox.folder.write("audio", to: "ali/talk.wav")
        #expect(chmod(inbox.folder.path("ali/talk.wav"), ofAudio) == 0)
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        let text = try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(text?.permissions == ofText)
    }

    /// A recording that was moved there is its owner's group's; the text would be the folder's.
    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func wordsAreNotForAnotherGroupThanTheRecording() async throws {
        let (folder, audio) = (inbox.folder.path("ali"), inbox.folder.path("ali/talk.wav"))
        try inbox.folder.write("audio", to: "ali/talk.wav")
        #expect(chown(folder, 4321, 1234) == 0 && chmod(folder, 0o2770) == 0)
        #expect(chown(audio, 4321, 4321) == 0 && chmod(audio, 0o640) == 0)
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        let text = try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(text?.group == 1234 && text?.permissions == 0o600)
    }

    /// The recording is unreachable, so its permissions are unknown.
    @Test func wordsOfARecordingThatIsAwayAreItsOwnersAlone() async throws {
        #expect(chmod(inbox.folder.path("ali"), 0o777) == 0)
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        let text = try inbox.disk.examine(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(text?.permissions == 0o600)
        // A note tells nobody's words.
        try await inbox.writer().writeDue(inbox.refused("No.", name: Array("b.wav".utf8)).recording)
        let note = try inbox.disk.examine(inbox.path(Array("b.wav.rejected.txt".utf8)))
        #expect(note?.permissions == 0o664)
    }

    /// Some file systems get another device number at each mount.
    @Test func filesStayKotibsWhenTheirDeviceHasAnotherNumber() async throws {
        let writer = inbox.writer(formats: [.txt, .srt])
        let id = try await inbox.transcribed("Hello.")
        try await writer.writeDue(id)
        for var sidecar in try await inbox.catalog.sidecars.owned(of: id) {
            sidecar.device += 1
            try await inbox.catalog.sidecars.written(sidecar, due: nil)
        }
        _ = try await inbox.edit(id, "New.")
        try await writer.writeDue(id)
        #expect(try inbox.names() == ["talk.wav.srt", "talk.wav.txt"])
        for name in try inbox.names() { #expect(try inbox.text(name)?.contains("New.") == true) }
    }

    @Test func strangersTextStaysAndTheOtherNameIsUsed() async throws {
        try inbox.folder.write("my notes", to: "ali/talk.wav.txt")
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.txt") == "my notes")
        #expect(try inbox.text("talk.wav.kotib.txt") == "Hello.\n")
        #expect(try await inbox.owned(id) == ["ali/talk.wav.kotib.txt"])
    }

    @Test func twoTakenNamesLeaveTheTextDue() async throws {
        try inbox.folder.write("one", to: "ali/talk.wav.txt")
        try inbox.folder.write("two", to: "ali/talk.wav.kotib.txt")
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeAllDue()
        #expect(try await inbox.isDue(id))
        #expect(try inbox.text("talk.wav.txt") == "one")
        #expect(try inbox.text("talk.wav.kotib.txt") == "two")
        #expect(try inbox.names().count == 2)

        inbox.folder.remove("ali/talk.wav.kotib.txt")
        try await inbox.writer().writeAllDue()
        #expect(try inbox.text("talk.wav.kotib.txt") == "Hello.\n")
        #expect(try await !inbox.isDue(id))
    }

    @Test func crashBeforeTheRegistrationLeavesOneFileThatIsAdopted() async throws {
        let id = try await inbox.transcribed("Hello.")
        let place = try inbox.path(Array("talk.wav.txt".utf8))
        _ = try AtomicFile(inbox.disk).write(Array("Hello.\n".utf8), at: place)
        try await inbox.writer().writeAllDue()
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"])
        #expect(try await !inbox.isDue(id))
    }

    @Test func untouchedTextOfAReplacedRecordingIsExchanged() async throws {
        try await inbox.writer().writeDue(inbox.transcribed("Old."))
        let new = try await inbox.transcribed("New.", content: 2)
        try await inbox.writer().writeDue(new)
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try await inbox.owned(new) == ["ali/talk.wav.txt"])
    }

    @Test func editedTextOfAReplacedRecordingIsKept() async throws {
        try await inbox.writer().writeDue(inbox.transcribed("Old."))
        try inbox.folder.write("Old, corrected.", to: "ali/talk.wav.txt")
        let new = try await inbox.transcribed("New.", content: 2)
        try await inbox.writer().writeDue(new)
        #expect(try inbox.text("talk.wav.txt") == "Old, corrected.")
        #expect(try inbox.text("talk.wav.kotib.txt") == "New.\n")
    }

    @Test func writingTwiceChangesNothing() async throws {
        let id = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        let place = try inbox.path(Array("talk.wav.txt".utf8))
        let first = try inbox.disk.examine(place)
        for _ in 1...3 {
            try await inbox.writer().writeDue(id)
            try await inbox.writer().writeAllDue()
        }
        #expect(try inbox.disk.examine(place) == first)
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func everyPageOfWhatIsDueIsWritten() async throws {
        for number in 1...120 {
            _ = try await inbox.refused("No.", name: Array("\(number).wav".utf8))
        }
        // One that stays due must not stop the others.
        try inbox.folder.write("mine", to: "ali/3.wav.rejected.txt")
        try inbox.folder.write("mine", to: "ali/3.wav.kotib-rejected.txt")
        try await inbox.writer().writeAllDue()
        #expect(try inbox.names().count == 121)
        #expect(try await inbox.catalog.sidecars.due(after: nil, limit: 10).count == 1)
    }
}

// MARK: Notes

extension SidecarWriterTests {
    @Test func notesGoOnceTheTranscriptStands() async throws {
        let id = try await inbox.refused("Incomplete.").recording
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.rejected.txt") == "Incomplete.\n")
        #expect(try await inbox.transcribed("Hello.") == id)
        try await inbox.writer().writeDue(id)
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"])
    }

    @Test func failureIsToldAndTakenBack() async throws {
        let id = try await inbox.failed("the engine could not")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.failed.txt") == "talk.wav failed: the engine could not\n")
        #expect(try await inbox.transcribed("Hello.") == id)
        try await inbox.writer().writeDue(id)
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func editedNoteStays() async throws {
        let id = try await inbox.failed("the engine could not")
        try await inbox.writer().writeDue(id)
        try inbox.folder.write("ask Olim about this", to: "ali/talk.wav.failed.txt")
        _ = try await inbox.transcribed("Hello.")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.failed.txt") == "ask Olim about this")
        #expect(try inbox.text("talk.wav.txt") == "Hello.\n")
        // The file belongs to the person from now on.
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"])
    }

    @Test func noteOfAReplacedRecordingThatACrashLeftGoesWithTheTranscript() async throws {
        let old = try await inbox.failed("the engine could not")
        try await inbox.writer().writeDue(old)
        // A crash: the catalog has the new recording, nobody removed the old one's note.
        let new = try await inbox.transcribed("Hello.", content: 2)
        #expect(new != old)
        try await inbox.writer().writeDue(new)
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try await inbox.owned(old).isEmpty)
    }

    @Test func noteThatCannotBeRemovedStaysRegistered() async throws {
        let id = try await inbox.failed("no")
        try await inbox.writer().writeDue(id)
        let notes = try await inbox.catalog.sidecars.owned(of: id)
        let faulty = FaultyFileSystem(inbox.disk) { $0.name == "unlink" ? EROFS : nil }
        try await inbox.writer(faulty).remove(notes)
        #expect(try inbox.names() == ["talk.wav.failed.txt"])
        #expect(try await inbox.catalog.sidecars.owned(of: id) == notes)
        try await inbox.writer().remove(notes)
        #expect(try inbox.names().isEmpty)
        #expect(try await inbox.owned(id).isEmpty)
    }
}
