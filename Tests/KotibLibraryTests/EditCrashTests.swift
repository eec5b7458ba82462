import GRDB
import KotibCatalog
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

/// Threat 37: whatever step on the disk or in the catalog fails, or is the daemon's last, after the next scan
/// database and text say the same, and no words are lost.
@Suite struct EditCrashTests {
    /// An empty catalog to copy, which is cheaper than creating the tables for each of some hundred steps.
    private let empty: DatabaseQueue

    init() throws {
        empty = try DatabaseQueue()
        _ = try Catalog(empty)
    }

    enum Change: CaseIterable { case put, save, restore, formats, retranscription }

    @Test(arguments: Change.allCases, CrashPoint.Kind.allCases)
    func noStepLosesWords(_ change: Change, _ kind: CrashPoint.Kind) async throws {
        var step = 0
        while try await wasReached(step, change, kind) { step += 1 }
        // Each change takes several commits and writes at least one file.
        #expect(step > 10)
    }

    /// Whoever finds the daemon not running and saves the text has the last word; both are kept.
    @Test func wordsThatAreSavedAfterTheEndAreKeptToo() async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            let id = try await transcribed(inbox)
            point.arm(.end, at: step)
            try? await put("New.", id, inbox)
            wasReached = point.disarm()
            try inbox.folder.write("By a person.\n", to: "ali/talk.wav.txt")

            try await start(inbox)
            let place = Comment("at step \(step)")
            let texts = try #require(try await inbox.catalog.listing.revisions(of: id))
                .map(\.text)
            let isNew = texts.contains("New.")
            #expect(texts == ["By a person."] + (isNew ? ["New."] : []) + ["Hello."], place)
            #expect(isNew || wasReached, place)
            #expect(inbox.folder.read("ali/talk.wav.txt") == "By a person.\n", place)
            #expect(try await inbox.current()?.sidecarDue == nil, place)
            #expect(try inbox.names().filter { !$0.hasPrefix(".") } == ["talk.wav", "talk.wav.txt"], place)
            step += 1
        }
        #expect(step > 10)
    }

    private func wasReached(_ step: Int, _ change: Change, _ kind: CrashPoint.Kind) async throws -> Bool {
        let point = CrashPoint()
        let formats = Shared<[TranscriptFormat]>([.txt, .srt])
        let inbox = try fixture(point, UserSettings(sidecars: formats.value))
        let id = try await transcribed(inbox)
        let first = try #require(try await inbox.catalog.revisions.find(nil, of: id, in: .everyone)).id
        if change == .restore { try await put("Between.", id, inbox) }
        if change == .save { try inbox.folder.write("New.\n", to: "ali/talk.wav.txt") }
        if change == .formats { formats.value = [.txt, .vtt] }

        point.arm(kind, at: step)
        switch change {
        case .put, .formats: try? await put("New.", id, inbox)
        case .save: try? await inbox.sidecars.editor.saved(inbox.path("ali/talk.wav.txt"))
        case .restore:
            _ = try? await inbox.actions.restore(
                first, of: id, in: .everyone, author: nil, expected: nil)
        case .retranscription: try? await heardAnew("New.", id, inbox)
        }
        let wasReached = point.disarm()

        try await start(inbox)
        let place = Comment("\(change), \(kind) at step \(step)")
        let shown = try #require(try await inbox.catalog.revisions.find(nil, of: id, in: .everyone))
        #expect(inbox.folder.read("ali/talk.wav.txt") == shown.text + "\n", place)
        #expect(try await inbox.current()?.sidecarDue == nil, place)
        let isDone = shown.text == (change == .restore ? "Hello." : "New.")
        #expect(isDone || (wasReached && change != .save), place)
        let texts = try #require(try await inbox.catalog.listing.revisions(of: id))
            .map(\.text)
        #expect(texts == words(change, isDone), place)
        let form = change == .formats && isDone ? "vtt" : "srt"
        // A temporary file has a name that the watcher's next scan removes.
        let names = try inbox.names().filter { !$0.hasPrefix(".kotib-") }
        #expect(names == ["talk.wav", "talk.wav.txt", "talk.wav.\(form)"].sorted(), place)
        #expect(inbox.folder.read("ali/talk.wav.\(form)")?.contains(shown.text) == true, place)
        return wasReached
    }

    /// All expected revisions, newest first.
    private func words(_ change: Change, _ isDone: Bool) -> [String] {
        switch change {
        case .restore: isDone ? ["Hello.", "Between.", "Hello."] : ["Between.", "Hello."]
        case .put, .save, .formats, .retranscription: isDone ? ["New.", "Hello."] : ["Hello."]
        }
    }
}

extension EditCrashTests {
    private func fixture(
        _ point: CrashPoint,
        _ settings: @autoclosure @escaping @Sendable () -> UserSettings = UserSettings()
    ) throws -> IngestFixture {
        let database = try DatabaseQueue()
        try empty.backup(to: database)
        let inbox = try IngestFixture(database: database, settings: settings()) { disk in
            FaultyFileSystem(disk, fault: point.pass)
        }
        database.add(transactionObserver: point, extent: .databaseLifetime)
        return inbox
    }

    private func transcribed(_ inbox: IngestFixture) async throws -> RecordingID {
        let id = try #require(try await inbox.drop("speech")).id
        try await heard("Hello.", id, inbox)
        return id
    }

    private func heardAnew(_ words: String, _ id: RecordingID, _ inbox: IngestFixture) async throws {
        guard case .queued = try await inbox.catalog.jobs.retry(id, in: .everyone) else { return }
        try await heard(words, id, inbox)
    }

    private func heard(_ words: String, _ id: RecordingID, _ inbox: IngestFixture) async throws {
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result(words).transcript, speech: 1, engineSeconds: 1)
        await inbox.sidecars.writer.jobFinished(id)
    }

    private func put(_ text: String, _ id: RecordingID, _ inbox: IngestFixture) async throws {
        _ = try await inbox.actions.edit(
            TranscriptEdit(
                recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: nil))
    }

    /// Does what a start does: jobs are put back, a scan reports the unknown files, and its end.
    private func start(_ inbox: IngestFixture) async throws {
        _ = try await inbox.catalog.jobs.recoverInterrupted(message: "Interrupted.")
        for name in try inbox.names() where !name.hasPrefix(".") {
            let inboxEvent = try inbox.inboxEvent("ali/\(name)")
            if await inbox.pipeline.isKnown([try candidate(inboxEvent)]) == [false] {
                await inbox.pipeline.handle(inboxEvent)
            }
        }
        await inbox.pipeline.handle(.scanFinished)
    }
}
