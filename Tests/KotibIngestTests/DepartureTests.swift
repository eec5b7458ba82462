import FoundationEssentials
import GRDB
import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

@Suite struct DepartureTests {
    @Test func removedRecordingKeepsItsTranscript() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await inbox.awaitText("Hello.")
        }
        try await inbox.lose("ali/talk.wav")
        let recording = try #require(try await inbox.current())
        #expect(recording.audio == .gone)
        #expect(try await inbox.catalog.recordings.transcript(of: recording.id)?.text == "Hello.")
        #expect(try inbox.names() == ["talk.wav.txt"])
    }

    @Test func removedFileTakesItsNoteAlong() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("bad")
        try await inbox.lose("ali/talk.wav")
        #expect(try inbox.names().isEmpty)
        // The row is removed as well; no quota limits the number of such rows.
        #expect(try await inbox.current() == nil)
        #expect(try inbox.rows() == 0)
    }

    @Test func removingTheNoteTooLeavesNothing() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("bad")
        inbox.folder.remove("ali/talk.wav.rejected.txt")
        try await inbox.lose("ali/talk.wav")
        #expect(try inbox.rows() == 0)
    }

    /// After `kotibd --rebuild`: nothing is heard again, and nobody's words are written over.
    @Test func textsBesideUnknownRecordingsAreTheirWordsAfterARebuild() async throws {
        let engine = FakeEngine { _, _ throws(EngineError) in throw .permanent(message: "not to be asked") }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.database.write { database in
            try database.execute(
                sql: "INSERT INTO rebuilds (at) VALUES (?)", arguments: [Timestamp.text(Date())])
        }
        try inbox.folder.write("corrected by hand\n", to: "ali/talk.wav.txt")
        try inbox.folder.write("a stranger's notes\n", to: "ali/b.wav.txt")
        try inbox.folder.write("its own\n", to: "ali/b.wav.kotib.txt")
        try await inbox.drop("speech")
        try await inbox.drop("other speech", "ali/b.wav")
        #expect(try await inbox.current()?.state == .completed)
        let id = try #require(try await inbox.current()?.id)
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "corrected by hand")
        let other = try #require(try await inbox.current("ali/b.wav")?.id)
        #expect(try await inbox.catalog.recordings.transcript(of: other)?.text == "its own")
        #expect(
            try inbox.names() == ["b.wav", "b.wav.kotib.txt", "b.wav.txt", "talk.wav", "talk.wav.txt"])
        // The text is Kotib's own again: an edit of it is an edit.
        try inbox.folder.write("once more\n", to: "ali/talk.wav.txt")
        try await inbox.handle("ali/talk.wav.txt")
        #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == "once more")
        // An hour later a text of that name is a stranger's again.
        try await inbox.database.write { database in
            try database.execute(sql: "UPDATE rebuilds SET at = '2026-01-01T00:00:00.000Z'")
        }
        await inbox.pipeline.handle(.scanFinished)
        try inbox.folder.write("notes\n", to: "ali/c.wav.txt")
        try await inbox.drop("third speech", "ali/c.wav")
        #expect(try await inbox.current("ali/c.wav")?.state == .pending)
    }

    @Test func nameThatIsThereAgainIsLeftAlone() async throws {
        let inbox = try IngestFixture()
        let before = try await inbox.drop("bad")
        await inbox.pipeline.handle(.removed(try inbox.path("ali/talk.wav")))
        #expect(try await inbox.current() == before)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
    }

    @Test func removalEndsTheJob() async throws {
        let gate = Gate()
        let engine = FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("Hello.")
        }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await waitUntil("it is with the engine") { gate.count == 1 }
            try await inbox.lose("ali/talk.wav")
            try await waitUntil("the job ends") { await inbox.queue.running().isEmpty }
            #expect(try await inbox.current()?.state == .pending)
        }
        #expect(try inbox.names().isEmpty)
    }

    @Test func recordingThatComesBackIsTranscribedAtOnce() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("speech")
        try inbox.folder.rename("ali/talk.wav", to: "elsewhere")
        await inbox.pipeline.handle(.removed(try inbox.path("ali/talk.wav")))
        try await inbox.transcribing {
            // Done with this one, the queue has looked for more and sleeps.
            try await inbox.drop("other", "ali/other.wav")
            try await inbox.awaitText("Hello.", beside: "ali/other.wav")
            try await waitUntil("nothing runs") { await inbox.queue.running().isEmpty }
            try inbox.folder.rename("elsewhere", to: "ali/talk.wav")
            try await inbox.handle("ali/talk.wav")
            try await inbox.awaitText("Hello.")
        }
    }

    @Test func recordingThatComesBackWithoutItsTextGetsItAgain() async throws {
        let engine = FakeEngine()
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await inbox.awaitText("Hello.")
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
        }
        try inbox.folder.rename("ali", to: "elsewhere")
        await inbox.pipeline.handle(.removed(try inbox.path("ali")))
        try inbox.folder.makeFolder("ali")
        try await inbox.drop("speech")
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello.\n")
        #expect(engine.calls.count == 1)
    }

    /// A person edits the text, takes the recording out and puts it back: the text is kept.
    @Test func recordingThatComesBackToItsEditedTextLeavesItAlone() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await inbox.awaitText("Hello.")
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
        }
        try inbox.folder.write("Hello!", to: "ali/talk.wav.txt")
        try await inbox.lose("ali/talk.wav")
        try await inbox.drop("speech")
        #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello!")
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
    }

    @Test func folderTakesAllBelowItAlong() async throws {
        let inbox = try IngestFixture()
        try await inbox.record((1...1500).map { "ali/2026/\($0).wav" } + ["ali/2026x.wav"])
        await inbox.pipeline.handle(.removed(try inbox.path("ali/2026")))
        #expect(try inbox.counts(.gone) == 1500)
        #expect(try await inbox.current("ali/2026x.wav")?.audio == .present)
    }
}

@Suite struct ScanTests {
    @Test func dueTextsAreWritten() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.write("bad", to: "ali/talk.wav")
        let status = try #require(try inbox.disk.examine(inbox.path("ali/talk.wav")))
        _ = try await inbox.catalog.ingest.reject(
            inbox.path("ali/talk.wav"), identity: status.identity, rejection: .incomplete, message: "No.")
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.folder.read("ali/talk.wav.rejected.txt") == "No.\n")
    }

    @Test func massDeletionIsNoticed() async throws {
        let inbox = try IngestFixture()
        try await inbox.record((1...1500).map { "ali/\($0).wav" })
        let kept = try #require(try await inbox.drop("speech"))
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.counts(.gone) == 1500)
        #expect(try await inbox.current() == kept)
    }

    /// A folder that somebody forbade, a bad sector: nobody knows whether the files are there.
    @Test(arguments: [EACCES, EIO])
    func fileThatCannotBeLookedAtHidesNoOther(code: Int32) async throws {
        let inbox = try IngestFixture { disk in
            // The first step opens the inbox, to read what is mounted below it.
            FaultyFileSystem(disk) { $0.name == "examine" && $0.number == 1 ? code : nil }
        }
        try await inbox.record(["ali/1.wav", "ali/2.wav", "ali/3.wav"])
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await inbox.current("ali/1.wav")?.audio == .present)
        #expect(try await inbox.current("ali/2.wav")?.audio == .gone)
        #expect(try await inbox.current("ali/3.wav")?.audio == .gone)
        #expect(inbox.warnedFiles == ["ali/1.wav"])
    }

    @Test func threeInARowChangeNothing() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await inbox.awaitText("Hello.")
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
        }
        try await inbox.drop("bad", "ali/bad.wav")
        try await inbox.drop("more", "ali/waiting.wav")
        try await inbox.drop("gone", "ali/gone.wav")
        try await inbox.lose("ali/gone.wav")
        let before = try snapshot(inbox)
        for _ in 1...3 { await inbox.pipeline.handle(.scanFinished) }
        #expect(try snapshot(inbox) == before)
    }

    private func snapshot(_ inbox: IngestFixture) throws -> [String] {
        let rows = try inbox.database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM audio_records ORDER BY id")
                + Row.fetchAll(database, sql: "SELECT * FROM sidecars ORDER BY path")
        }
        let files = try inbox.names().map { "\($0) \(inbox.folder.read("ali/\($0)") ?? "")" }
        return rows.map(\.description) + files
    }

    @Test func knownFilesNeedNothing() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("speech", "ali/known.wav")
        try await inbox.drop("bad", "ali/refused.wav")
        try await inbox.drop("speech", "ali/changed.wav")
        try inbox.folder.write("longer speech", to: "ali/changed.wav")
        try await inbox.drop("speech", "ali/back.wav")
        try inbox.folder.rename("ali/back.wav", to: "ali/aside")
        await inbox.pipeline.handle(.removed(try inbox.path("ali/back.wav")))
        try inbox.folder.rename("ali/aside", to: "ali/back.wav")
        try inbox.folder.write("speech", to: "ali/new.wav")
        try inbox.folder.write("words", to: "ali/notes.txt")
        try inbox.folder.makeFolder("ali/2026")
        let expected = [
            "ali/known.wav": true, "ali/refused.wav": true, "ali/notes.txt": true, "ali/2026": true,
            "ali/changed.wav": false, "ali/back.wav": false, "ali/new.wav": false,
        ]
        let names = expected.keys.sorted()
        let candidates = try names.map { name in
            try candidate(inbox.inboxEvent(name))
        }
        let known = await inbox.pipeline.isKnown(candidates)
        #expect(Dictionary(uniqueKeysWithValues: zip(names, known)) == expected)
    }

    /// Folders that come and go leave no rows.
    @Test(arguments: [false, true]) func aUserWhoWasAFolderAloneGoesWithIt(_ enrolls: Bool) async throws {
        let inbox = try IngestFixture(enrolls: enrolls)
        let names = ["brief", "heard", "known", "standing", "new"]
        for name in names {
            try inbox.folder.makeFolder(name)
            _ = try await inbox.catalog.users.enroll(UserFolder(stringLiteral: name))
        }
        try await inbox.drop("bad", "brief/talk.wav")
        try await inbox.drop("speech", "heard/talk.wav")
        try await inbox.database.write {
            try $0.execute(
                sql: "UPDATE users SET phone_number = '+998901' WHERE folder = CAST('known' AS BLOB)")
            try $0.execute(
                sql:
                    "UPDATE users SET created_at = '2020-01-01T00:00:00.000Z' WHERE folder <> CAST('new' AS BLOB)"
            )
        }
        for name in names where name != "standing" {
            inbox.folder.remove(name)
            await inbox.pipeline.handle(.removed(try inbox.path(name)))
        }
        await inbox.pipeline.handle(.scanFinished)
        let left = try await inbox.catalog.users.page(folder: nil, skip: 0, limit: 10).users
        let expected = ["brief", "heard", "known", "new", "standing"].filter { !enrolls || $0 != "brief" }
        #expect(left.map(\.folder.text) == expected)
    }
}
