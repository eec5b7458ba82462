import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct MoveTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func transcribed(_ path: String, content: UInt8 = 1, inode: UInt64 = 1) async throws
        -> RecordingID
    {
        let id = try await catalog.ingest.accept(path, content: content, inode: inode).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("Words \(content)."), speech: 1, engineSeconds: 1, now: noon)
        try await catalog.writeDue(id, at: path + ".txt")
        return id
    }

    private func origins(_ path: String, content: UInt8 = 1, inode: UInt64 = 99) async throws -> [RecordingID]
    {
        try await catalog.moves.origins(
            of: inboxPath(path), identity: identity(inode), facts: facts(content)
        ).map(\.id)
    }

    private func move(_ id: RecordingID, to path: String, inode: UInt64 = 1) async throws -> Relocation? {
        try await catalog.moves.relocate(
            try #require(try await catalog.recordings.find(id)), to: inboxPath(path),
            identity: identity(inode),
            under: Quotas(now: { noon }))
    }

    @Test func theVeryFileComesBeforeWhatWentLast() async throws {
        let here = try await catalog.ingest.accept("ali/here.mp3", inode: 1).recording
        let early = try await catalog.ingest.accept("ali/early.mp3", inode: 2).recording
        let late = try await catalog.ingest.accept("ali/late.mp3", inode: 3).recording
        _ = try await catalog.ingest.markGone(inboxPath("ali/early.mp3"), now: noon + 1)
        _ = try await catalog.ingest.markGone(inboxPath("ali/late.mp3"), now: noon + 2)
        #expect(try await origins("ali/new.mp3") == [late, early, here])
        #expect(try await origins("ali/new.mp3", inode: 1) == [here, late, early])
        #expect(try await origins("ali/late.mp3") == [early, here])
        #expect(try await origins("ali/new.mp3", content: 2).isEmpty)
    }

    @Test func ofThoseThatWentAtOnceTheSameNameIsTheBest() async throws {
        for folder in ["a", "b"] { try await catalog.ingest.accept("ali/\(folder)/\(folder).mp3") }
        _ = try await catalog.ingest.markGone(inboxPath("ali/a"), now: noon)
        _ = try await catalog.ingest.markGone(inboxPath("ali/b"), now: noon)
        let b = try #require(try await catalog.recordings.current(inboxPath("ali/b/b.mp3")))
        #expect(try await origins("ali/c/b.mp3").first == b.id)
    }

    @Test func anothersRecordingIsNoOrigin() async throws {
        let id = try await transcribed("ali/talk.mp3")
        #expect(try await origins("vali/talk.mp3").isEmpty)
        _ = try await catalog.users.enroll("vali")
        #expect(try await origins("vali/talk.mp3", inode: 1).isEmpty)
        let unchanged = try await catalog.moves.origin(of: inboxPath("vali/talk.mp3"), identity: identity(1))
        #expect(unchanged == nil)
        #expect(try await catalog.moves.origin(of: inboxPath("ali/2.mp3"), identity: identity(1))?.id == id)
        #expect(
            try await catalog.moves.origin(of: inboxPath("ali/2.mp3"), identity: identity(1, changed: 2))
                == nil)
    }

    @Test func aMovedRecordingKeepsAllButItsPlace() async throws {
        let id = try await transcribed("ali/talk.mp3")
        let before = try #require(try await catalog.recordings.find(id))
        let events = try await catalog.events.last()
        #expect(try await move(id, to: "ali/sub/new.mp3") == Relocation(recording: id, old: nil, notes: []))
        let after = try #require(try await catalog.recordings.find(id))
        var expected = before
        expected.path = try inboxPath("ali/sub/new.mp3")
        #expect(after == expected)
        #expect(try await catalog.recordings.transcript(of: id)?.text == "Words 1.")
        #expect(try await catalog.moves.unfinished(after: nil, limit: 9).map(\.path) == [before.path])
        let told = try #require(try await catalog.events.page(after: events, in: .everyone, limit: 9)).events
        #expect(told.map(\.file) == ["ali/sub/new.mp3"] && told.map(\.kind) == [.changed])
    }

    @Test func aJobGoesOnAndWhatFailedWaitsAgain() async throws {
        let running = try await catalog.ingest.accept("ali/a.mp3", content: 1).recording
        let failed = try await catalog.ingest.accept("ali/b.mp3", content: 2).recording
        for _ in 1...2 { _ = try await catalog.jobs.claimNext() }
        _ = try await catalog.jobs.fail(failed, code: "permanent", message: "No.")
        _ = try await move(running, to: "ali/c.mp3")
        _ = try await move(failed, to: "ali/d.mp3")
        #expect(try await catalog.recordings.state(failed) == .pending)
        // The job looked for the file at its former path.
        #expect(try await catalog.jobs.handBack(running, isGoneFrom: inboxPath("ali/a.mp3")) == .recorded)
        #expect(try await catalog.recordings.find(running)?.audio == .present)
        #expect(try await catalog.jobs.claimNext()?.id == running)
    }

    @Test func existingFileIsReplaced() async throws {
        let new = try await transcribed("ali/b.mp3", content: 2)
        let old = try await catalog.ingest.accept("ali/a.mp3", content: 1).recording
        #expect(try await move(new, to: "ali/a.mp3")?.old == old)
        #expect(try await catalog.recordings.find(old)?.audio == .replaced)
        // When the file is found again, its recording is pending.
        #expect(try await origins("ali/c.mp3", content: 1) == [old])
        _ = try await move(old, to: "ali/c.mp3")
        let back = try #require(try await catalog.recordings.find(old))
        #expect(back.audio == .present && back.isCurrent && back.state == .pending && back.errorCode == nil)
    }

    @Test func recordingChangedMeanwhileIsNotMoved() async throws {
        let id = try await transcribed("ali/a.mp3")
        let seen = try #require(try await catalog.recordings.find(id))
        _ = try await move(id, to: "ali/b.mp3")
        let path = try inboxPath("ali/c.mp3")
        #expect(try await catalog.moves.relocate(seen, to: path, identity: identity(1)) == nil)
        let now = try #require(try await catalog.recordings.find(id))
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        #expect(try await catalog.moves.relocate(now, to: path, identity: identity(1)) == nil)
        #expect(try await origins("ali/c.mp3").isEmpty)
    }

    @Test func theWordsOfWhatWasReplacedAreAnEarlierRevision() async throws {
        let old = try await transcribed("ali/a.mp3", content: 1)
        _ = try await catalog.revisions.edit(
            TranscriptEdit(
                recording: old, scope: .everyone, text: "Mine.", author: nil, origin: .socket, expected: nil))
        let new = try await catalog.ingest.accept("ali/a.mp3", content: 2).recording
        func texts() async throws -> [String]? {
            try await catalog.listing.revisions(of: new)?.map(\.text)
        }
        #expect(try await texts() == ["Mine."])
        #expect(try await catalog.recordings.transcript(of: new) == nil)
        try #require(try await catalog.jobs.claimNext()?.id == new)
        _ = try await catalog.jobs.complete(new, transcript: transcript("New."), speech: 1, engineSeconds: 1)
        #expect(try await catalog.recordings.transcript(of: new)?.text == "New.")
        #expect(try await texts() == ["New.", "Mine."])
        let earlier = try #require(try await catalog.listing.revisions(of: new)?.last)
        #expect(earlier.origin == .socket)
        _ = try await catalog.revisions.restore(
            earlier.id, of: new, in: .everyone, author: nil, expected: nil)
        #expect(try await texts() == ["Mine.", "New.", "Mine."])
        // Replaced again before it has words: the last ones there are.
        let third = try await catalog.ingest.accept("ali/a.mp3", content: 3).recording
        let fourth = try await catalog.ingest.accept("ali/a.mp3", content: 4).recording
        #expect(
            try await catalog.listing.revisions(of: third)?.map(\.text) == ["Mine."])
        #expect(
            try await catalog.listing.revisions(of: fourth)?.map(\.text) == ["Mine."])
        // The file was renamed, not replaced.
        _ = try await move(old, to: "ali/b.mp3")
        #expect(try await texts() == ["Mine.", "New."])
    }
}
