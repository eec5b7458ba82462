import KotibCatalog
import KotibIngestTestSupport
import KotibLibrary
import KotibModel
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Synchronization
import Testing

@testable import KotibIngest

/// The pipeline as the watcher drives it, over words that a person saved.
@Suite struct SidecarEditTests {
    private func transcribed(_ inbox: IngestFixture) async throws -> RecordingID {
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await settled(inbox)
        }
        return try #require(try await inbox.current()?.id)
    }

    private func settled(_ inbox: IngestFixture) async throws {
        try await waitUntil("it is transcribed and its files are written") {
            let recording = try await inbox.current()
            return recording?.state == .completed && recording?.sidecarDue == nil
        }
    }

    private func texts(_ id: RecordingID, _ inbox: IngestFixture) async throws -> [String] {
        try #require(try await inbox.catalog.listing.revisions(of: id)).map(\.text)
    }

    private func edit(_ id: RecordingID, _ text: String, expected: RevisionID? = nil) -> TranscriptEdit {
        TranscriptEdit(
            recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: expected)
    }

    @Test func savingTheTextMakesARevisionOnce() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        try inbox.folder.write("Hello, edited.\r\n", to: "ali/talk.wav.txt")
        try await inbox.handle("ali/talk.wav.txt")
        try await inbox.handle("ali/talk.wav.txt")
        #expect(try await texts(id, inbox) == ["Hello, edited.", "Hello."])
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello, edited.\r\n")
        #expect(try inbox.rows() == 1)
        #expect(inbox.logged("transcript edited in folder") == 1)
    }

    /// An administrator is told once, however often the file is looked at.
    @Test func aTextThatCannotBeReadIsToldOnce() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        for words in [[0xC0, 0xAF], [0xC0, 0xAF, 0xAF]] as [[UInt8]] {
            try inbox.folder.write(words, to: Array("ali/talk.wav.txt".utf8))
            for _ in 1...3 {
                try await inbox.handle("ali/talk.wav.txt")
                await inbox.pipeline.handle(.scanFinished)
            }
        }
        #expect(try await texts(id, inbox) == ["Hello."])
        #expect(inbox.logged("saved text rejected, file left unchanged") == 2)
    }

    @Test func strangersTextIsNoEdit() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        try inbox.folder.write("shopping list", to: "ali/list.txt")
        try await inbox.handle("ali/list.txt")
        #expect(try await texts(id, inbox) == ["Hello."])
    }

    /// The scan at start comes across the text, which changed without an event.
    @Test func savingWhileTheDaemonWasDownIsNoticedByTheScan() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        let asWritten = try inbox.inboxEvent("ali/talk.wav.txt")
        #expect(await inbox.pipeline.isKnown([try candidate(asWritten)]) == [true])
        try inbox.folder.write("While away.\n", to: "ali/talk.wav.txt")
        let edited = try inbox.inboxEvent("ali/talk.wav.txt")
        #expect(await inbox.pipeline.isKnown([try candidate(edited)]) == [false])
        await inbox.pipeline.handle(edited)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await texts(id, inbox) == ["While away.", "Hello."])
        #expect(inbox.folder.read("ali/talk.wav.txt") == "While away.\n")
    }

    /// The daemon ended between an edit by the socket and its file, and meanwhile a person saved.
    @Test func scanEndsWhatTheSocketBeganAndKeepsWhatThePersonSaved() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        _ = try await inbox.catalog.revisions.edit(edit(id, "By socket."))
        try inbox.folder.write("By file.\n", to: "ali/talk.wav.txt")
        await inbox.pipeline.handle(.scanFinished)
        try await inbox.handle("ali/talk.wav.txt")
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await texts(id, inbox) == ["By file.", "By socket.", "Hello."])
        #expect(inbox.folder.read("ali/talk.wav.txt") == "By file.\n")
        #expect(try await inbox.current()?.sidecarDue == nil)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
    }

    @Test func scanWritesWhatTheSocketBegan() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        _ = try await inbox.catalog.revisions.edit(edit(id, "By socket."))
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.folder.read("ali/talk.wav.txt") == "By socket.\n")
        #expect(try await texts(id, inbox) == ["By socket.", "Hello."])
    }

    @Test func editingAndRestoringReachTheFolder() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        let actions = inbox.actions
        let first = try #require(try await inbox.catalog.revisions.find(nil, of: id, in: .everyone)?.id)
        let outcome = try await actions.edit(edit(id, "By socket.", expected: first))
        guard case .edited(let second) = outcome else {
            Issue.record("not edited")
            return
        }
        #expect(inbox.folder.read("ali/talk.wav.txt") == "By socket.\n")
        #expect(try await actions.edit(edit(id, "Late.", expected: first)) == .conflict(second))
        let restored = try await actions.restore(
            first, of: id, in: .everyone, author: nil, expected: second.id)
        guard case .edited = restored else {
            Issue.record("not restored")
            return
        }
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello.\n")
        #expect(try await texts(id, inbox) == ["Hello.", "By socket.", "Hello."])
        _ = try await inbox.catalog.deletions.decide(of: id, in: .everyone)
        let gone = try await actions.restore(first, of: id, in: .everyone, author: nil, expected: nil)
        #expect(gone == .notFound)
    }

    @Test func anotherTranscriptionLeavesTheFile() async throws {
        let words = Mutex("Hello.")
        let engine = FakeEngine { _, _ throws(EngineError) in FakeEngine.result(words.withLock { $0 }) }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await settled(inbox)
            try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
            try await inbox.handle("ali/talk.wav.txt")
            words.withLock { $0 = "Heard anew." }
            let id = try #require(try await inbox.current()?.id)
            let outcome = try await inbox.actions.retry(id, in: .everyone)
            #expect(outcome == .queued(id))
            try await settled(inbox)
        }
        let id = try #require(try await inbox.current()?.id)
        #expect(try await texts(id, inbox) == ["Heard anew.", "Mine.", "Hello."])
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Mine.\n")
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
    }

    @Test func userSettingsReachJobAndFolder() async throws {
        let asked = Mutex<String?>(nil)
        let engine = FakeEngine { job, _ throws(EngineError) in
            asked.withLock { $0 = job.language }
            return FakeEngine.result("Salom.")
        }
        let inbox = try IngestFixture(
            engine: engine, settings: UserSettings(sidecars: [.srt, .vtt], language: "uz"))
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await settled(inbox)
        }
        #expect(asked.withLock { $0 } == "uz")
        #expect(try inbox.names() == ["talk.wav", "talk.wav.srt", "talk.wav.vtt"])
        #expect(
            inbox.folder.read("ali/talk.wav.srt") == "1\n00:00:00,000 --> 00:00:01,000\nSalom.\n\n")
    }
}
