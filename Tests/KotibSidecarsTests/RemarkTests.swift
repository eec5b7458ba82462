import KotibCatalog
import KotibModel
import KotibSidecars
import KotibTestSupport
import Testing

/// The note beside a text without words.
@Suite struct RemarkTests {
    private let inbox: SidecarFixture
    private let warnings = [
        RecordingWarning(.unwrittenPart), RecordingWarning(.speechWithoutWords, seconds: 3),
    ]

    init() throws {
        inbox = try SidecarFixture()
    }

    private func silent() async throws -> RecordingID {
        let id = try await inbox.transcribed("", warnings: warnings)
        try await inbox.writer().writeDue(id)
        return id
    }

    @Test func itSaysWhyTheTextIsEmpty() async throws {
        let id = try await silent()
        #expect(try inbox.names() == ["talk.wav.note.txt", "talk.wav.txt"])
        #expect(try inbox.text("talk.wav.txt") == "\n")
        #expect(
            try inbox.text("talk.wav.note.txt")
                == "warning: unwritten_part\nwarning: speech_without_words\n")
        #expect(try await !inbox.isDue(id))
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt", "ali/talk.wav.note.txt"])
    }

    @Test func wordsHaveNone() async throws {
        try await inbox.writer().writeDue(inbox.transcribed("Salom.", warnings: warnings))
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func silenceHasNone() async throws {
        try await inbox.writer().writeDue(inbox.transcribed(""))
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func itStandsBesideOtherForms() async throws {
        let id = try await inbox.transcribed("", warnings: warnings)
        try await inbox.writer(formats: [.srt]).writeDue(id)
        #expect(try inbox.names() == ["talk.wav.note.txt", "talk.wav.srt"])
    }

    @Test func itGoesWhenAPersonWritesTheWords() async throws {
        let id = try await silent()
        let outcome = try await inbox.sidecars().editor.change(id, expected: nil) {
            () async throws(CatalogError) in
            try await inbox.edit(id, "Salom.")
        }
        guard case .edited = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try inbox.names() == ["talk.wav.txt"])
        // A person who empties a text gets no note about it.
        _ = try await inbox.edit(id, "")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func itGoesWhenAPersonSavesTheWords() async throws {
        let id = try await silent()
        try inbox.folder.write("Salom.\n", to: "ali/talk.wav.txt")
        let later: @Sendable () -> Int64 = { Sidecars.systemTime() + 10_000_000_000 }
        try await inbox.sidecars(wallClock: later).editor.saved(inbox.path(Array("talk.wav.txt".utf8)))
        #expect(try await inbox.shown(id)?.text == "Salom.")
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func itGoesWhenTheRecordingIsHeardAnew() async throws {
        let id = try await silent()
        guard case .queued(let notes) = try await inbox.catalog.jobs.retry(id, in: .everyone) else {
            Issue.record("not queued")
            return
        }
        try await inbox.writer().remove(notes)
        #expect(try inbox.names() == ["talk.wav.txt"])
        guard case .recording = try await inbox.catalog.jobs.claim() else {
            Issue.record("not claimed")
            return
        }
        let transcript = Transcript(
            text: "Salom.", segments: [], language: "uz", engine: "fake", model: "fake-1")
        _ = try await inbox.catalog.jobs.complete(id, transcript: transcript, speech: 1, engineSeconds: 1)
        try await inbox.writer().writeDue(id)
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try inbox.text("talk.wav.txt") == "Salom.\n")
    }

    @Test func itGoesWhenAnotherRecordingTakesTheName() async throws {
        _ = try await silent()
        let new = try await inbox.transcribed("Salom.", content: 2)
        try await inbox.writer().writeDue(new)
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func itStaysAPersonsWhenTheyWriteIntoIt() async throws {
        let id = try await silent()
        try inbox.folder.write("I heard: salom", to: "ali/talk.wav.note.txt")
        _ = try await inbox.edit(id, "Salom.")
        try await inbox.writer().writeDue(id)
        #expect(try inbox.text("talk.wav.note.txt") == "I heard: salom")
        #expect(try inbox.text("talk.wav.txt") == "Salom.\n")
    }

    @Test func aStrangersFileIsNotReplaced() async throws {
        try inbox.folder.write("mine", to: "ali/talk.wav.note.txt")
        _ = try await silent()
        #expect(try inbox.text("talk.wav.note.txt") == "mine")
        #expect(try inbox.text("talk.wav.kotib-note.txt")?.hasPrefix("warning: ") == true)
    }

    /// - Parameter isSeenToGo: whether the old name was missed before the new one was found.
    @Test(arguments: [false, true]) func itFollowsItsRecording(isSeenToGo: Bool) async throws {
        let id = try await silent()
        if isSeenToGo {
            for departure in try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name)) {
                try await inbox.writer().removeDeparted(departure.notes)
            }
            #expect(try inbox.names() == ["talk.wav.txt"])
        }
        let recording = try #require(try await inbox.catalog.recordings.find(id))
        let new = try inbox.path(Array("renamed.wav".utf8))
        let done = try await inbox.sidecars().mover.move(from: recording.path, to: new) {
            () async throws(CatalogError) in
            try await inbox.catalog.moves.relocate(recording, to: new, identity: recording.identity)
        }
        #expect(done != nil)
        #expect(try inbox.names() == ["renamed.wav.note.txt", "renamed.wav.txt"])
        #expect(try await inbox.owned(id) == ["ali/renamed.wav.txt", "ali/renamed.wav.note.txt"])
        #expect(try await !inbox.isDue(id))
    }
}
