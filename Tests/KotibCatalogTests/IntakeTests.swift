import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct IntakeTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    @Test func aNewFileWaits() async throws {
        let id = try await catalog.ingest.accept("alisher/a.mp3").recording
        let recording = try #require(try await catalog.recordings.current(try inboxPath("alisher/a.mp3")))
        #expect(recording.id == id)
        #expect(recording.state == .pending)
        #expect(recording.facts == facts(1))
        #expect(recording.identity == identity(1))
        #expect(recording.fileExtension == "mp3")
        #expect(recording.user == (try await catalog.users.enroll("alisher")))
    }

    @Test func onlyTheVeryFileIsKnown() async throws {
        try await catalog.ingest.accept("alisher/a.mp3", inode: 1)
        try await catalog.ingest.accept("alisher/gone.mp3", inode: 2)
        _ = try await catalog.ingest.markGone(inboxPath("alisher/gone.mp3"))
        try await catalog.ingest.reject("alisher/b.pdf")
        let known = try await catalog.ingest.isKnown([
            (inboxPath("alisher/a.mp3"), identity(1)), (inboxPath("alisher/a.mp3"), identity(1, changed: 2)),
            (inboxPath("alisher/gone.mp3"), identity(2)), (inboxPath("alisher/b.pdf"), identity(9)),
            (inboxPath("alisher/new.mp3"), identity(1)),
        ])
        #expect(known == [true, false, false, true, false])
    }

    @Test func namesAreBytes() async throws {
        let names: [[UInt8]] = [
            [0xFF], [0xFE], Array("é".utf8), Array("e\u{301}".utf8), [0x0A], Array("-rf".utf8),
        ]
        for name in names {
            let path = try #require(InboxPath(Array("alisher/".utf8) + name))
            let outcome = try await catalog.ingest.accept(path, identity: identity(1), facts: facts(1))
            #expect(outcome == .new(outcome.recording))
            #expect(try await catalog.recordings.current(path)?.path == path)
        }
        #expect(try await catalog.recordings.counts() == [.pending: names.count])
    }

    @Test func aTouchedFileKeepsItsState() async throws {
        let id = try await catalog.ingest.accept("alisher/a.mp3", inode: 1).recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(id, transcript: transcript("Hello."), speech: 1, engineSeconds: 2)
        #expect(try await catalog.ingest.accept("alisher/a.mp3", inode: 2) == .unchanged(id))
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(recording.state == .completed)
        #expect(recording.identity == identity(2))
    }

    @Test func returnedFileIsPresentAgain() async throws {
        let id = try await catalog.ingest.accept("alisher/a.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(id, transcript: transcript("Hello."), speech: 1, engineSeconds: 2)
        _ = try await catalog.ingest.markGone(inboxPath("alisher/a.mp3"))

        #expect(try await catalog.ingest.accept("alisher/a.mp3") == .unchanged(id))
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(recording.state == .completed)
        #expect(recording.audio == .present)
        #expect(recording.sidecarDue?.kind == .transcript)
    }

    @Test func aFailedRecordingPutThereAnewIsTriedAgain() async throws {
        let id = try await catalog.ingest.accept("alisher/a.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.fail(id, code: "permanent", message: "No.")
        try await catalog.writeDue(id, at: "alisher/a.mp3.failed.txt")
        let note = try #require(try await catalog.sidecars.owned(of: id).first)

        #expect(try await catalog.ingest.accept("alisher/a.mp3", inode: 2) == .readmitted(id, notes: [note]))
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(recording.state == .pending)
        #expect(recording.attempts == 0)
    }

    @Test func otherContentTakesThePath() async throws {
        let old = try await catalog.ingest.accept("alisher/a.mp3", content: 1).recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(old, transcript: transcript("Old."), speech: 1, engineSeconds: 2)
        try await catalog.writeDue(old, at: "alisher/a.mp3.txt")

        let outcome = try await catalog.ingest.accept("alisher/a.mp3", content: 2)
        #expect(outcome == .replaced(outcome.recording, old: old, notes: []))
        let replaced = try #require(try await catalog.recordings.find(old))
        #expect(replaced.audio == .replaced)
        #expect(!replaced.isCurrent)
        #expect(replaced.state == .completed)
        #expect(try await catalog.sidecars.owner(ofSidecar: inboxPath("alisher/a.mp3.txt"))?.recording == old)

        _ = try await catalog.jobs.claimNext()
        let new = outcome.recording
        _ = try await catalog.jobs.complete(new, transcript: transcript("New."), speech: 1, engineSeconds: 2)
        try await catalog.writeDue(new, at: "alisher/a.mp3.txt")
        #expect(try await catalog.sidecars.owner(ofSidecar: inboxPath("alisher/a.mp3.txt"))?.recording == new)
        #expect(try await catalog.sidecars.owned(of: old) == [])
    }

    @Test func aJobWhoseFileWasReplacedChangesNothing() async throws {
        let old = try await catalog.ingest.accept("alisher/a.mp3", content: 1).recording
        _ = try await catalog.jobs.claimNext()
        let new = try await catalog.ingest.accept("alisher/a.mp3", content: 2).recording
        let ended = try await catalog.jobs.complete(
            old, transcript: transcript("Old."), speech: 1, engineSeconds: 2)
        #expect(ended == .superseded)
        #expect(try await catalog.jobs.handBack(old) == .superseded)
        #expect(try await catalog.recordings.transcript(of: old) == nil)
        #expect(try await catalog.recordings.find(old)?.errorCode == "superseded")
        #expect(try await catalog.jobs.claimNext()?.id == new)
    }

    @Test func aRefusedFileThatIsGoodNowWaits() async throws {
        let refusal = try await catalog.ingest.reject("alisher/a.mp3", .incomplete, message: "Incomplete.")
        try await catalog.writeDue(refusal.recording, at: "alisher/a.mp3.rejected.txt")
        let outcome = try await catalog.ingest.accept("alisher/a.mp3")
        guard case .readmitted(let id, let notes) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(id == refusal.recording)
        #expect(notes.map(\.path.text) == ["alisher/a.mp3.rejected.txt"])
        #expect(try await catalog.jobs.claimNext()?.id == id)
        #expect(try await catalog.recordings.find(id)?.errorCode == nil)
    }

    @Test func theSameRefusalIsSaidOnce() async throws {
        let first = try await catalog.ingest.reject("alisher/a.mp3")
        try await catalog.writeDue(first.recording, at: "alisher/a.mp3.rejected.txt")
        let second = try await catalog.ingest.reject("alisher/a.mp3")
        #expect(second == Refusal(recording: first.recording, old: nil, notes: []))
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).isEmpty)
        try await catalog.ingest.reject("alisher/a.mp3", .incomplete, message: "Incomplete.")
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).map(\.errorCode) == ["incomplete"])
    }

    @Test func aBadFileInPlaceOfAGoodOneKeepsItsTranscript() async throws {
        let old = try await catalog.ingest.accept("alisher/a.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            old, transcript: transcript("Hello."), speech: 1, engineSeconds: 2)
        let refusal = try await catalog.ingest.reject("alisher/a.mp3")
        #expect(refusal.old == old)
        #expect(try await catalog.recordings.find(old)?.audio == .replaced)
        #expect(try await catalog.recordings.transcript(of: old) == transcript("Hello."))
        #expect(try await catalog.recordings.state(refusal.recording) == .rejected)
    }

    @Test func aFileInNoFolderIsRefusedWithoutAUser() async throws {
        let refusal = try await catalog.ingest.reject("stray.mp3", .noFolder, message: "No folder.")
        #expect(try await catalog.recordings.find(refusal.recording)?.user == nil)
    }

    @Test func aFolderTakesItsContentAlongAndNothingElse() async throws {
        for name in ["f/a.mp3", "f/deep/b.mp3", "f.mp3", "f0", "f-/a.mp3", "g/a.mp3"] {
            try await catalog.ingest.accept("alisher/\(name)")
        }
        let departures = try await catalog.ingest.markGone(inboxPath("alisher/f"))
        #expect(departures.count == 2)
        let present = try await catalog.ingest.present(after: nil, limit: 10).map(\.path.text)
        #expect(present == ["alisher/f.mp3", "alisher/f0", "alisher/f-/a.mp3", "alisher/g/a.mp3"])
        #expect(try await catalog.ingest.markGone(inboxPath("alisher/f")).isEmpty)
    }

    @Test func presentRecordingsComeInPages() async throws {
        for number in 0..<25 { try await catalog.ingest.accept("alisher/\(number).mp3") }
        var (last, seen): (RecordingID?, [RecordingID]) = (nil, [])
        while case let page = try await catalog.ingest.present(after: last, limit: 10), !page.isEmpty {
            #expect(page.count <= 10)
            seen += page.map(\.id)
            last = page.last?.id
        }
        #expect(seen.count == 25)
        #expect(seen == seen.sorted { $0.rawValue < $1.rawValue })
    }

    @Test func onePathHasOneCurrentRecordingWhateverArrivesAtOnce() async throws {
        let catalog = catalog
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask { try await catalog.ingest.accept("alisher/a.mp3", content: UInt8(number % 3)) }
            }
            try await group.waitForAll()
        }
        #expect(try await catalog.recordings.counts() == [.pending: 1])
        #expect(try await catalog.ingest.present(after: nil, limit: 10).count == 1)
    }

    @Test func theTablesThemselvesForbidASecondCurrentRecording() async throws {
        try await catalog.ingest.accept("alisher/a.mp3")
        let failure = await #expect(throws: CatalogError.self) {
            try await catalog.database.write("test") { database in
                let arrival = InspectedFile(
                    path: try inboxPath("alisher/a.mp3"), identity: identity(2), facts: facts(2), now: noon)
                _ = try database.insert(arrival)
            }
        }
        #expect(failure?.code == .constraint)
    }
}
