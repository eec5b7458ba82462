import Glibc
import KotibCatalog
import KotibModel
import KotibSidecars
import KotibTestSupport
import Testing

/// Every text that is due is written in the end, whatever happens to the recording meanwhile, and outdated
/// notes are removed.
@Suite struct DueTextTests {
    private let inbox: SidecarFixture
    private let id: RecordingID

    init() async throws {
        inbox = try SidecarFixture()
        id = try await inbox.transcribed("First.")
        try await inbox.writer().writeDue(id)
    }

    private func writeAll(_ formats: [TranscriptFormat] = [.txt]) async throws {
        try await inbox.writer(formats: formats).writeAllDue()
        #expect(try await !inbox.isDue(id))
    }

    @Test func aFailureLeavesNewerWordsDue() async throws {
        _ = try await inbox.edit(id, "New.")
        try await inbox.failsAgain(id)
        try await writeAll()
        #expect(try inbox.names() == ["talk.wav.failed.txt", "talk.wav.txt"])
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    @Test func anEditLeavesTheNoteOfAFailure() async throws {
        try await inbox.failsAgain(id)
        _ = try await inbox.edit(id, "New.")
        try await writeAll()
        _ = try await inbox.edit(id, "Newer.")
        try await writeAll()
        #expect(try inbox.names() == ["talk.wav.failed.txt", "talk.wav.txt"])
        #expect(try inbox.text("talk.wav.txt") == "Newer.\n")
    }

    @Test func putThereAnewItStillGetsItsNewerWords() async throws {
        _ = try await inbox.edit(id, "New.")
        try await inbox.failsAgain(id)
        #expect(try await inbox.accepted(content: 1) == .readmitted(id, notes: []))
        try await writeAll()
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    @Test func anEditReachesTheTextOfARecordingThatIsGone() async throws {
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        _ = try await inbox.edit(id, "New.")
        try await writeAll()
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    @Test func goneBeforeItsWordsWereWrittenItGetsThemWhereTheTextLies() async throws {
        _ = try await inbox.edit(id, "New.")
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        try await writeAll()
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    @Test func nothingNewIsPutBesideThePlaceOfWhatIsGone() async throws {
        inbox.folder.remove("ali/talk.wav.txt")
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        _ = try await inbox.edit(id, "New.")
        try await writeAll([.txt, .srt])
        #expect(try inbox.names().isEmpty)
        #expect(try await inbox.accepted(content: 1) == .unchanged(id))
        try await writeAll()
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    @Test func editOfAMissingRecordingIsWrittenWhenItReturns() async throws {
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        let due = try await inbox.edit(id, "New.")
        guard case .edited = due else {
            Issue.record("not edited")
            return
        }
        #expect(try await inbox.accepted(content: 1) == .unchanged(id))
        try await writeAll()
        #expect(try inbox.text("talk.wav.txt") == "New.\n")
    }

    @Test func anEditReachesTheTextThatAReplacedRecordingKept() async throws {
        let sidecars = inbox.sidecars()
        try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
        try await sidecars.editor.saved(inbox.path(Array("talk.wav.txt".utf8)))
        let new = try await inbox.transcribed("Another.", content: 2)
        try await sidecars.writer.writeDue(new)
        try await inbox.failsAgain(new)
        try await sidecars.writer.writeDue(new)
        _ = try await inbox.edit(id, "Mine, again.")
        try await writeAll()
        #expect(try inbox.text("talk.wav.txt") == "Mine, again.\n")
        #expect(try inbox.text("talk.wav.kotib.txt") == "Another.\n")
        #expect(try inbox.names().contains("talk.wav.failed.txt"))
        #expect(try inbox.names().count == 3)
    }
}

// MARK: What is not wanted any more

extension DueTextTests {
    @Test func aFormThatIsNotWantedAnyMoreGoesWithTheNextWords() async throws {
        let all: [TranscriptFormat] = [.txt, .srt, .vtt]
        for (text, formats) in [("One.", all), ("Two.", [.srt]), ("Three.", [.txt]), ("Four.", [])] {
            _ = try await inbox.edit(id, text)
            try await writeAll(formats)
            #expect(Set(try inbox.names()) == Set(formats.map { "talk.wav.\($0.rawValue)" }))
            for name in try inbox.names() { #expect(try inbox.text(name)?.contains(text) == true) }
        }
        #expect(try await inbox.owned(id).isEmpty)
    }

    @Test func aPersonsOwnSubtitlesStayWhenTheFormIsNotWantedAnyMore() async throws {
        _ = try await inbox.edit(id, "One.")
        try await writeAll([.txt, .srt])
        try inbox.folder.write("mine", to: "ali/talk.wav.srt")
        _ = try await inbox.edit(id, "Two.")
        try await writeAll([.txt])
        #expect(try inbox.text("talk.wav.srt") == "mine")
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"])
    }

    @Test func subtitlesOfAReplacedRecordingGoOnceThereAreOtherWords() async throws {
        _ = try await inbox.edit(id, "One.")
        try await writeAll([.txt, .srt])
        let new = try await inbox.accepted(content: 2).recording
        guard case .recording = try await inbox.catalog.jobs.claim() else {
            Issue.record("nothing to do")
            return
        }
        _ = try await inbox.catalog.jobs.fail(new, code: "test", message: "no")
        try await writeAll([.txt])
        #expect(try inbox.names() == ["talk.wav.failed.txt", "talk.wav.srt", "talk.wav.txt"])
        #expect(try await inbox.transcribed("Two.", content: 2) == new)
        try await writeAll([.txt])
        // The words of the first are a person's.
        #expect(try inbox.names() == ["talk.wav.kotib.txt", "talk.wav.txt"])
        #expect(try inbox.text("talk.wav.kotib.txt") == "Two.\n")
    }

    @Test func thereAreNeverTwoTexts() async throws {
        try inbox.folder.rename("ali/talk.wav.txt", to: "moved")
        try #require(symlink("../moved", inbox.folder.path("ali/talk.wav.txt")) == 0)
        _ = try await inbox.edit(id, "Two.")
        try await writeAll()
        #expect(try inbox.text("talk.wav.kotib.txt") == "Two.\n")
        inbox.folder.remove("ali/talk.wav.txt")
        _ = try await inbox.edit(id, "Three.")
        try await writeAll()
        #expect(try inbox.names().count == 1)
        #expect(try inbox.text(inbox.names()[0]) == "Three.\n")
        #expect(inbox.folder.read("moved") == "First.\n")
    }

    /// A job that failed at once has written its note before the old one is removed.
    @Test func aNoteThatWasWrittenAnewStaysKotibs() async throws {
        try await inbox.failsAgain(id)
        try await writeAll()
        let notes = try await inbox.catalog.sidecars.owned(of: id).filter(\.kind.isNote)
        try #require(notes.count == 1)
        inbox.folder.remove("ali/talk.wav.failed.txt")
        try await inbox.failsAgain(id)
        try await writeAll()
        try await inbox.writer().remove(notes)
        #expect(try inbox.names().contains("talk.wav.failed.txt"))
        #expect(try await inbox.owned(id).contains("ali/talk.wav.failed.txt"))
    }
}
