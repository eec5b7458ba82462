import GRDB
import KotibCatalog
import KotibComponents
import KotibIngestTestSupport
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// Threat 76: the daemon ends between a commit and what follows it on the disk, or the other way round, and
/// people go on in the folder before the next start.
@Suite struct IntentCrashTests {
    /// An empty catalog to copy, which is cheaper than creating the tables for each of some hundred steps.
    private let empty: DatabaseQueue

    init() throws {
        empty = try DatabaseQueue()
        _ = try Catalog(empty)
    }

    private func fixture(_ point: CrashPoint) throws -> IngestFixture {
        let database = try DatabaseQueue()
        try empty.backup(to: database)
        let inbox = try IngestFixture(database: database) { FaultyFileSystem($0, fault: point.pass) }
        database.add(transactionObserver: point, extent: .databaseLifetime)
        return inbox
    }

    private func heard(_ words: String, _ inbox: IngestFixture) async throws -> RecordingID {
        let id = try #require(try await inbox.drop("speech")).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result(words).transcript, speech: 1, engineSeconds: 1)
        return id
    }

    /// Does what a start does: a scan reports the unknown files, and its end.
    private func start(_ inbox: IngestFixture) async throws {
        for name in try inbox.names() where !name.hasPrefix(".") {
            // A text may have followed its recording meanwhile.
            guard let inboxEvent = try? inbox.inboxEvent("ali/\(name)") else { continue }
            if await inbox.pipeline.isKnown([try candidate(inboxEvent)]) == [false] {
                await inbox.pipeline.handle(inboxEvent)
            }
        }
        await inbox.pipeline.handle(.scanFinished)
    }

    /// Names that are for people.
    private func names(_ inbox: IngestFixture) throws -> [String] {
        try inbox.names().filter { !$0.hasPrefix(".kotib-") }
    }

    private func intents(_ inbox: IngestFixture) async throws -> Int {
        try await inbox.catalog.sidecars.intents(after: nil, limit: 10).count
    }

    /// Its recording is renamed before the start: the text must follow, and leave the name free.
    @Test(arguments: CrashPoint.Kind.allCases)
    func aTextThatWasBeingWrittenFollowsItsRecording(_ kind: CrashPoint.Kind) async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            let id = try await heard("Hello.", inbox)
            point.arm(kind, at: step)
            await inbox.sidecars.writer.jobFinished(id)
            wasReached = point.disarm()
            try inbox.folder.rename("ali/talk.wav", to: "ali/new.wav")

            try await start(inbox)
            let place = Comment("\(kind) at step \(step)")
            #expect(try names(inbox) == ["new.wav", "new.wav.txt"], place)
            #expect(inbox.folder.read("ali/new.wav.txt") == "Hello.\n", place)
            let owned = try await inbox.catalog.sidecars.owned(of: id).map(\.path.text)
            #expect(owned == ["ali/new.wav.txt"], place)
            #expect(try await intents(inbox) == 0, place)
            step += 1
        }
        #expect(step > 8)
    }

    /// Another recording arrives under the name before the first scan.
    @Test func aTextThatWasBeingWrittenIsNotInTheWayOfAnother() async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            let id = try await heard("Hello.", inbox)
            point.arm(.end, at: step)
            await inbox.sidecars.writer.jobFinished(id)
            wasReached = point.disarm()
            try inbox.folder.rename("ali/talk.wav", to: "ali/new.wav")
            let other = try #require(try await inbox.drop("other speech")).id
            try #require(other != id)

            try await start(inbox)
            _ = try await inbox.catalog.jobs.claim()
            _ = try await inbox.catalog.jobs.complete(
                other, transcript: FakeEngine.result("Other.").transcript, speech: 1, engineSeconds: 1)
            await inbox.sidecars.writer.jobFinished(other)
            await inbox.pipeline.handle(.scanFinished)
            let place = Comment("at step \(step)")
            #expect(try names(inbox) == ["new.wav", "new.wav.txt", "talk.wav", "talk.wav.txt"], place)
            #expect(inbox.folder.read("ali/new.wav.txt") == "Hello.\n", place)
            #expect(inbox.folder.read("ali/talk.wav.txt") == "Other.\n", place)
            step += 1
        }
        #expect(step > 8)
    }

    /// The text that a person finds and edits is not registered yet.
    @Test func wordsInATextThatWasBeingWrittenAreTakenIn() async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            let id = try await heard("Hello.", inbox)
            point.arm(.end, at: step)
            await inbox.sidecars.writer.jobFinished(id)
            wasReached = point.disarm()
            let isThere = inbox.folder.read("ali/talk.wav.txt") != nil
            if isThere { try inbox.folder.write("By a person.\n", to: "ali/talk.wav.txt") }

            try await start(inbox)
            try await start(inbox)
            let place = Comment("at step \(step)")
            let words = isThere ? "By a person." : "Hello."
            #expect(try await inbox.catalog.recordings.transcript(of: id)?.text == words, place)
            #expect(inbox.folder.read("ali/talk.wav.txt") == words + "\n", place)
            #expect(try names(inbox) == ["talk.wav", "talk.wav.txt"], place)
            step += 1
        }
        #expect(step > 8)
    }

    /// The note tells of a file that is not there any more.
    @Test(arguments: CrashPoint.Kind.allCases)
    func aNoteWhoseFileWentGoes(_ kind: CrashPoint.Kind) async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            try await inbox.drop("bad")
            try #require(inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
            inbox.folder.remove("ali/talk.wav")
            point.arm(kind, at: step)
            try? await inbox.components.departures.nameGone(inbox.path("ali/talk.wav"))
            wasReached = point.disarm()

            try await start(inbox)
            let place = Comment("\(kind) at step \(step)")
            #expect(try names(inbox).isEmpty, place)
            // Forgotten, or to be forgotten by a later scan.
            #expect([nil, .gone].contains(try await inbox.current()?.audio), place)
            #expect(try await intents(inbox) == 0, place)
            step += 1
        }
        #expect(step > 4)
    }

    /// A good recording is moved over a refused one: nothing is due beside it, and the note is not true any
    /// more.
    @Test(arguments: CrashPoint.Kind.allCases)
    func aNoteOfWhatWasMovedOverGoes(_ kind: CrashPoint.Kind) async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            let id = try await heard("Hello.", inbox)
            await inbox.sidecars.writer.jobFinished(id)
            try await inbox.drop("bad", "ali/bad.wav")
            try inbox.folder.rename("ali/talk.wav", to: "ali/bad.wav")
            point.arm(kind, at: step)
            if case .stable(let path, let status) = try inbox.inboxEvent("ali/bad.wav") {
                try? await inbox.pipeline.ingest(path, status)
            }
            wasReached = point.disarm()

            try await start(inbox)
            let place = Comment("\(kind) at step \(step)")
            #expect(try names(inbox) == ["bad.wav", "bad.wav.txt"], place)
            #expect(try await intents(inbox) == 0, place)
            step += 1
        }
        #expect(step > 8)
    }

    /// Whatever an exchange leaves under a hidden name is removed by what the name tells.
    @Test func anExchangeLeavesNoOldText() async throws {
        var (step, wasReached) = (0, true)
        while wasReached {
            let point = CrashPoint()
            let inbox = try fixture(point)
            let id = try await heard("Hello.", inbox)
            await inbox.sidecars.writer.jobFinished(id)
            point.arm(.end, at: step)
            let edit = TranscriptEdit(
                recording: id, scope: .everyone, text: "New.", author: nil, origin: .socket, expected: nil)
            _ = try? await inbox.actions.edit(edit)
            wasReached = point.disarm()

            try await start(inbox)
            let left = try inbox.names().filter { $0.hasPrefix(".kotib-") }.map { Array($0.utf8) }
            let kept = try AtomicFile(inbox.disk).removeStaleTemporaries(
                left, in: inbox.disk.openFolder(inbox.path("ali")), now: .max)
            #expect(kept.isEmpty, "at step \(step)")
            #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"], "at step \(step)")
            step += 1
        }
        #expect(step > 10)
    }
}
