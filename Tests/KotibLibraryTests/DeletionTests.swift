import GRDB
import Glibc
import KotibCatalog
import KotibComponents
import KotibIngest
import KotibIngestTestSupport
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Synchronization
import Testing

@testable import KotibLibrary

@Suite struct DeletionTests {
    private func transcribed(_ inbox: IngestFixture) async throws -> Recording {
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await inbox.awaitText("Hello.")
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
        }
        return try #require(try await inbox.current())
    }

    @Test func recordingTextAndAudioGo() async throws {
        let inbox = try IngestFixture()
        let recording = try await transcribed(inbox)
        let actions = inbox.actions
        #expect(try await actions.delete(recording.id, in: .everyone))
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
        #expect(try await !actions.delete(recording.id, in: .everyone))
        await inbox.pipeline.handle(.removed(recording.path))
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.rows() == 0)
    }

    @Test func strangersRecordingIsNotThere() async throws {
        let inbox = try IngestFixture()
        let recording = try await transcribed(inbox)
        let stranger = try await inbox.catalog.users.enroll("bob")
        let actions = inbox.actions
        #expect(try await !actions.delete(recording.id, in: .only(stranger)))
        #expect(try await actions.retry(recording.id, in: .only(stranger)) == .notFound)
        #expect(try await inbox.components.audio.open(recording.id, in: .only(stranger))?.recording == nil)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
    }

    @Test func editedTextGoesAndAnotherFileInTheAudiosPlaceStays() async throws {
        let inbox = try IngestFixture()
        let recording = try await transcribed(inbox)
        try inbox.folder.write("Hello, edited.", to: "ali/talk.wav.txt")
        try inbox.folder.write("another", to: "ali/new")
        try inbox.folder.rename("ali/new", to: "ali/talk.wav")
        #expect(try await inbox.actions.delete(recording.id, in: .everyone))
        #expect(try inbox.names() == ["talk.wav"])
        #expect(inbox.folder.read("ali/talk.wav") == "another")
    }

    enum Rename: CaseIterable { case alone, halfNoticed, overAnother, exchange }

    /// It was renamed a moment ago, and at most the first event of that has been handled.
    @Test(arguments: Rename.allCases, [false, true])
    func aRecordingGoesByItsNewName(_ rename: Rename, _ isTextFirst: Bool) async throws {
        let inbox = try IngestFixture()
        var ids: [RecordingID] = []
        try await inbox.transcribing {
            for name in ["talk.wav", "other.wav"] {
                ids.append(try #require(try await inbox.drop("speech of \(name)", "ali/\(name)")).id)
                try await inbox.awaitText("Hello.", beside: "ali/\(name)")
                try inbox.folder.write("Words of \(name).\n", to: "ali/\(name).txt")
                try await inbox.handle("ali/\(name).txt")
            }
        }
        let steps =
            switch rename {
            case .alone, .halfNoticed: [("talk", "new")]
            case .overAnother: [("talk", "other")]
            case .exchange: [("talk", "x"), ("other", "talk"), ("x", "other")]
            }
        for (from, to) in steps {
            for ending in ["", ".txt"] {
                try inbox.folder.rename("ali/\(from).wav\(ending)", to: "ali/\(to).wav\(ending)")
            }
        }
        if rename == .halfNoticed { await inbox.pipeline.handle(.removed(try inbox.path("ali/talk.wav"))) }
        #expect(try await inbox.actions.delete(ids[0], in: .everyone))
        let left =
            switch rename {
            case .alone, .halfNoticed: "other.wav"
            case .overAnother: nil as String?
            case .exchange: "talk.wav"
            }
        #expect(try inbox.names() == (left.map { [$0, $0 + ".txt"] } ?? []))
        for name in try inbox.names().sorted(by: { isTextFirst ? $0 > $1 : $0 < $1 }) {
            try await inbox.handle("ali/\(name)")
        }
        for name in ["new.wav", "other.wav", "talk.wav"] where name != left {
            await inbox.pipeline.handle(.removed(try inbox.path("ali/\(name)")))
            await inbox.pipeline.handle(.removed(try inbox.path("ali/\(name).txt")))
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.rows() == 1)
        #expect(try await inbox.catalog.recordings.transcript(of: ids[1])?.text == "Words of other.wav.")
        guard let left else { return }
        #expect(try await inbox.current("ali/\(left)")?.id == ids[1])
        #expect(inbox.folder.read("ali/\(left).txt") == "Words of other.wav.\n")
    }

    /// Its times were set after it had been taken, as clients do after an upload.
    @Test func touchedAudioGoesToo() async throws {
        let inbox = try IngestFixture()
        let recording = try await transcribed(inbox)
        let times = [timespec(tv_sec: 1000, tv_nsec: 0), timespec(tv_sec: 1000, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, inbox.folder.path("ali/talk.wav"), times, 0) == 0)
        #expect(try await inbox.actions.delete(recording.id, in: .everyone))
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    /// Between the decision and the removal of what was there, somebody puts another file in its place.
    @Test func refusedFileInThePlaceOfOneThatGoesStays() async throws {
        let inbox = try IngestFixture()
        let old = try #require(try await inbox.drop("bad"))
        _ = try await inbox.catalog.deletions.decide(of: old.id, in: .everyone)
        try inbox.folder.write("bad in another way", to: "ali/new")
        try inbox.folder.rename("ali/new", to: "ali/talk.wav")
        try await inbox.handle("ali/talk.wav")
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.folder.read("ali/talk.wav") == "bad in another way")
        let new = try #require(try await inbox.current())
        #expect(new.id != old.id && new.state == .rejected)
        #expect(try await inbox.catalog.recordings.find(new.id, in: .everyone) != nil)
        #expect(try inbox.rows() == 1)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
    }

    @Test func anotherFormatThatAPersonChangedStaysAlsoWhereItCannotBeLookedAt() async throws {
        enum Fault { case none, afterTheNextRemoval, now }
        let fault = Mutex(Fault.none)
        let inbox = try IngestFixture(settings: UserSettings(sidecars: [.srt])) { disk in
            FaultyFileSystem(disk) { step in
                fault.withLock { fault in
                    if fault == .afterTheNextRemoval, step.name == "unlink" { fault = .now }
                    guard fault == .now, step.name == "examine" else { return nil }
                    fault = .none
                    return EIO
                }
            }
        }
        var recording: Recording?
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await waitUntil("it is written") { try await inbox.current()?.completed != nil }
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
            recording = try await inbox.current()
        }
        try inbox.folder.write("my own subtitles", to: "ali/talk.wav.srt")
        let id = try #require(recording?.id)
        fault.withLock { $0 = .afterTheNextRemoval }
        await #expect(throws: FileNotRemoved.self) {
            try await inbox.actions.delete(id, in: .everyone)
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.names() == ["talk.wav.srt"])
        #expect(inbox.folder.read("ali/talk.wav.srt") == "my own subtitles")
    }

    @Test func nothingBehindALinkIsTouched() async throws {
        let inbox = try IngestFixture()
        let recording = try await transcribed(inbox)
        try inbox.folder.rename("ali", to: "elsewhere")
        try #require(symlink("elsewhere", inbox.folder.path("ali")) == 0)
        let failure = await #expect(throws: FileNotRemoved.self) {
            try await inbox.actions.delete(recording.id, in: .everyone)
        }
        #expect(failure?.waitsFor == .folder)
        #expect(try inbox.folder.names(in: "elsewhere") == ["talk.wav", "talk.wav.txt"])
        #expect(try await inbox.catalog.recordings.find(recording.id, in: .everyone) == nil)
    }

    @Test func jobEndsFirst() async throws {
        let gate = Gate()
        let engine = FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("Hello.")
        }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let recording = try #require(try await inbox.drop("speech"))
            try await waitUntil("it is with the engine") { gate.count == 1 }
            #expect(try await inbox.actions.delete(recording.id, in: .everyone))
            #expect(await inbox.queue.running().isEmpty)
        }
        #expect(engine.calls.count == 1)
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    @Test func audioThatCannotBeRemovedKeepsTheRecording() async throws {
        let isForbidden = Mutex(false)
        let inbox = try IngestFixture { disk in
            FaultyFileSystem(disk) { step in
                step.name.hasPrefix("rename") && isForbidden.withLock { $0 } ? EACCES : nil
            }
        }
        let recording = try await transcribed(inbox)
        isForbidden.withLock { $0 = true }
        let actions = inbox.actions
        let failure = await #expect(throws: FileNotRemoved.self) {
            try await actions.delete(recording.id, in: .everyone)
        }
        #expect(failure?.file == recording.path)
        #expect(failure?.isUnchanged == true)
        #expect(try await inbox.catalog.recordings.find(recording.id, in: .everyone) == recording)
        isForbidden.withLock { $0 = false }
        #expect(try await actions.delete(recording.id, in: .everyone))
        #expect(try inbox.names().isEmpty)
    }

    /// From one step on neither disk nor catalog works, until the next start. Step 0 is the check of the file
    /// before anything is decided.
    @Test(arguments: 1..<15) func crashAtAnyStepIsMadeGoodByTheNextScan(step: Int) async throws {
        let left = Mutex<Int?>(nil)
        let database = try DatabaseQueue()
        let inbox = try IngestFixture(database: database) { disk in
            FaultyFileSystem(disk) { _ in
                let isDead = left.withLock { left in
                    left = left.map { $0 - 1 }
                    return left.map { $0 < 0 } ?? false
                }
                if isDead { try? database.write { try $0.execute(sql: "PRAGMA query_only = 1") } }
                return isDead ? EIO : nil
            }
        }
        let recording = try await transcribed(inbox)
        left.withLock { $0 = step }
        _ = try? await inbox.actions.delete(recording.id, in: .everyone)
        left.withLock { $0 = nil }
        try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = 0") }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.rows() == 0)
        // A file that was being removed has a name that the watcher's next scan removes.
        #expect(try inbox.names().allSatisfy { $0.hasPrefix(".kotib-") })
    }
}

@Suite struct RetryTests {
    @Test func completedRecordingIsTranscribedAgain() async throws {
        let engine = FakeEngine { _, before throws(EngineError) in FakeEngine.result("Words \(before).") }
        let inbox = try IngestFixture(engine: engine)
        try await inbox.transcribing {
            let recording = try #require(try await inbox.drop("speech"))
            try await inbox.awaitText("Words 0.")
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
            let outcome = try await inbox.actions.retry(recording.id, in: .everyone)
            #expect(outcome == .queued(recording.id))
            try await inbox.awaitText("Words 1.")
        }
    }

    @Test func retryRemovesTheNoteOfAFailure() async throws {
        let engine = FakeEngine { _, _ throws(EngineError) in throw .permanent(message: "No.") }
        let inbox = try IngestFixture(engine: engine)
        let actions = inbox.actions
        let id = try #require(try await inbox.drop("speech")).id
        #expect(try await actions.retry(id, in: .everyone) == .notNow(.pending, .present))
        try await inbox.transcribing {
            try await waitUntil("the note is registered") {
                let recording = try await inbox.current()
                return recording?.state == .failed && recording?.sidecarDue == nil
            }
        }
        #expect(try await actions.retry(id, in: .everyone) == .queued(id))
        #expect(try await inbox.current()?.attempts == 0)
        #expect(try inbox.names() == ["talk.wav"])
        inbox.folder.remove("ali/talk.wav")
        let again = try await actions.retry(id, in: .everyone)
        #expect(again == .notNow(.pending, .gone))
    }

    @Test func refusedFileIsInspectedAgain() async throws {
        let inspector = FakeInspector { content, before throws(InspectionError) in
            before < 2 ? .refused(.incomplete) : .facts(FakeInspector.facts(content))
        }
        let inbox = try IngestFixture(inspector: inspector)
        let actions = inbox.actions
        let id = try #require(try await inbox.drop("speech")).id
        #expect(try await actions.retry(id, in: .everyone) == .notNow(.rejected, .present))
        #expect(try await actions.retry(id, in: .everyone) == .queued(id))
        #expect(try inbox.names() == ["talk.wav"])
    }
}
