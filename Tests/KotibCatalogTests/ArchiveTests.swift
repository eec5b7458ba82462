import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// The recordings that are of age, and the state of the catalog after each step of archiving one.
struct ArchiveTests {
    let catalog: Catalog
    let database: DatabaseQueue

    init() throws {
        database = try DatabaseQueue()
        catalog = try Catalog(database)
    }

    private func transcribed(
        _ path: String, content: UInt8 = 1, inode: UInt64 = 1, at time: Date = noon
    ) async throws -> RecordingID {
        let id = try await catalog.ingest.accept(path, content: content, inode: inode).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("Words \(content)."), speech: 1, engineSeconds: 1, now: time)
        try await catalog.writeDue(id, at: path + ".txt")
        return id
    }

    private func recording(_ id: RecordingID) async throws -> Recording {
        try #require(try await catalog.recordings.find(id))
    }

    private func resting(_ end: Date, limit: Int = 100) async throws -> [RecordingID] {
        try await catalog.archive.resting(since: end, after: nil, limit: limit).map(\.recording.id)
    }

    private func begin(_ id: RecordingID, copy: FileIdentity? = nil) async throws -> Bool {
        try await catalog.archive.begin(
            try await recording(id), at: inboxPath("ali/x.mp3"), restingSince: noon + 10, copy: copy)
    }

    private func archive(_ id: RecordingID) async throws {
        try #require(try await begin(id))
        try #require(
            try await catalog.archive.finish(
                try await recording(id), identity(50), isOriginalGone: true, now: noon + 20))
    }

    private func edit(_ id: RecordingID, at time: Date) async throws {
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: "Mine.", author: nil, origin: .socket, expected: nil)
        _ = try await catalog.revisions.edit(edit, now: time)
    }

    @Test func longestRestingComesFirstInPages() async throws {
        let late = try await transcribed("ali/late.mp3", content: 1, inode: 1, at: noon + 5)
        let early = try await transcribed("ali/early.mp3", content: 2, inode: 2)
        let same = try await transcribed("ali/same.mp3", content: 3, inode: 3)
        try await catalog.ingest.accept("ali/waiting.mp3", content: 4, inode: 4)
        #expect(try await resting(noon - 1).isEmpty)
        #expect(try await resting(noon) == [early, same])
        #expect(try await resting(noon + 5) == [early, same, late])
        var (last, all): (ArchivableRecording?, [RecordingID]) = (nil, [])
        while let next = try await catalog.archive.resting(since: noon + 5, after: last, limit: 1).first {
            all.append(next.recording.id)
            last = next
        }
        #expect(all == [early, same, late])
        #expect(try await catalog.archive.longestRest() == noon)
    }

    @Test func anEditOrAReturnBeginsTheRestAnew() async throws {
        let id = try await transcribed("ali/talk.mp3")
        try await edit(id, at: noon + 100)
        try await catalog.writeDue(id, at: "ali/talk.mp3.txt")
        #expect(try await resting(noon + 99).isEmpty)
        #expect(try await resting(noon + 100) == [id])
        // A touch is no return.
        _ = try await catalog.ingest.accept(
            inboxPath("ali/talk.mp3"), identity: identity(1, changed: 9), facts: facts(1), now: noon + 200)
        #expect(try await catalog.archive.longestRest() == noon + 100)
        _ = try await catalog.ingest.markGone(inboxPath("ali/talk.mp3"))
        #expect(try await catalog.archive.longestRest() == nil)
        _ = try await catalog.ingest.accept(
            inboxPath("ali/talk.mp3"), identity: identity(7), facts: facts(1), now: noon + 300)
        #expect(try await catalog.archive.longestRest() == noon + 300)
        // A recording that is found again elsewhere starts its rest anew, too.
        _ = try await catalog.ingest.markGone(inboxPath("ali/talk.mp3"))
        _ = try await catalog.moves.relocate(
            try await recording(id), to: inboxPath("ali/other.mp3"), identity: identity(8),
            under: Quotas(now: { noon + 400 }))
        #expect(try await catalog.archive.longestRest() == noon + 400)
        // A rename does not.
        _ = try await catalog.moves.relocate(
            try await recording(id), to: inboxPath("ali/third.mp3"), identity: identity(8),
            under: Quotas(now: { noon + 500 }))
        #expect(try await catalog.archive.longestRest() == noon + 400)
    }

    @Test func dueDeletedOrMovingRecordingsAreNotArchived() async throws {
        let due = try await transcribed("ali/due.mp3", content: 1, inode: 1)
        try await edit(due, at: noon)
        let going = try await transcribed("ali/going.mp3", content: 2, inode: 2)
        _ = try await catalog.deletions.decide(of: going, in: .everyone)
        let moving = try await transcribed("ali/moving.mp3", content: 3, inode: 3)
        _ = try await catalog.moves.relocate(
            try await recording(moving), to: inboxPath("ali/moved.mp3"), identity: identity(3),
            under: Quotas(now: { noon }))
        let free = try await transcribed("ali/free.mp3", content: 4, inode: 4)
        #expect(try await resting(noon + 10) == [free])
        for id in [due, going, moving] { #expect(try await !begin(id)) }
        let seen = try await recording(free)
        #expect(try await begin(free))
        #expect(try await resting(noon + 10).isEmpty)
        #expect(
            try await !catalog.archive.begin(seen, at: inboxPath("ali/y"), restingSince: noon + 10),
            "it is on its way")
    }

    @Test func changedRecordingIsNotArchived() async throws {
        let id = try await transcribed("ali/talk.mp3")
        let seen = try await recording(id)
        _ = try await catalog.ingest.accept(
            inboxPath("ali/talk.mp3"), identity: identity(1, changed: 2), facts: facts(1), now: noon)
        #expect(try await !catalog.archive.begin(seen, at: inboxPath("ali/x"), restingSince: noon + 10))
        #expect(try await catalog.archive.find(id) == nil)
        #expect(try await !catalog.archive.hasAny())
    }

    @Test func onItsWayItIsNeitherGoneNorTranscribedAgain() async throws {
        let id = try await transcribed("ali/talk.mp3")
        try #require(try await begin(id))
        #expect(try await catalog.ingest.markGone(inboxPath("ali/talk.mp3")).isEmpty)
        #expect(try await catalog.ingest.markGone(inboxPath("ali")).isEmpty)
        #expect(try await catalog.ingest.present(after: nil, limit: 9).isEmpty)
        guard case .notNow = try await catalog.jobs.retry(id, in: .everyone) else {
            Issue.record("it is transcribed again")
            return
        }
        #expect(try await catalog.listing.entry(id, in: .everyone)?.archived == nil)
        #expect(try await catalog.archive.unfinished(after: nil, limit: 9).map(\.phase) == [.intended])
        try await catalog.archive.withdraw(id)
        #expect(try await catalog.ingest.present(after: nil, limit: 9).map(\.id) == [id])
        #expect(try await resting(noon + 10) == [id])
    }

    @Test func archivedAudioIsGoneAndToldSo() async throws {
        let id = try await transcribed("ali/talk.mp3")
        let events = try await catalog.events.last()
        try await archive(id)
        let entry = try #require(try await catalog.listing.entry(id, in: .everyone))
        #expect(entry.recording.audio == .gone && entry.recording.state == .completed)
        #expect(entry.archived == noon + 20 && entry.text == "Words 1.")
        let list = try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 9)
        #expect(list.entries.map(\.archived) == [noon + 20])
        let told = try await catalog.events.page(after: events, in: .everyone, limit: 9)?.events
        #expect(told?.map(\.audio) == [.gone] && told?.map(\.kind) == [.changed])
        #expect(try await catalog.archive.unfinished(after: nil, limit: 9).isEmpty)
        let audio = try #require(try await catalog.archive.find(id))
        #expect(audio.phase == .kept && audio.identity == identity(50))
        #expect(audio.path == (try inboxPath("ali/x.mp3")))
        // A kept recording is never withdrawn.
        try await catalog.archive.withdraw(id)
        #expect(try await catalog.archive.hasAny())
        // Another file in its place leaves the recording in the archive.
        _ = try await catalog.ingest.accept("ali/talk.mp3", content: 2, inode: 5)
        let replaced = try await catalog.listing.entry(id, in: .everyone)
        #expect(replaced?.recording.audio == .replaced && replaced?.archived == noon + 20)
    }

    @Test func fileThatReturnsDuringArchivingIsPresent() async throws {
        let id = try await transcribed("ali/talk.mp3")
        let seen = try await recording(id)
        try #require(try await begin(id))
        try #require(try await catalog.archive.copied(id, identity(50)))
        _ = try await catalog.ingest.accept(
            inboxPath("ali/talk.mp3"), identity: identity(8), facts: facts(1), now: noon)
        #expect(try await !catalog.archive.finish(seen, identity(50), isOriginalGone: true))
        #expect(try await catalog.listing.entry(id, in: .everyone)?.archived == nil)
        #expect(try await recording(id).audio == .present)
        #expect(try await resting(noon + 10) == [id])
        try #require(try await begin(id, copy: identity(50)))
        #expect(try await catalog.archive.find(id)?.phase == .copied)
        #expect(
            try await catalog.archive.finish(try await recording(id), identity(50), isOriginalGone: true))
    }

    @Test func aDeletedRecordingTakesItsPlaceInTheArchiveAlong() async throws {
        let id = try await transcribed("ali/talk.mp3")
        try await archive(id)
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        try await catalog.sidecars.removed(inboxPath("ali/talk.mp3.txt"))
        #expect(try await catalog.deletions.finish(of: id))
        #expect(try await !catalog.archive.hasAny())
    }

    /// The migration computes since when the recordings of an older version are unchanged.
    @Test func editsBeforeTheMigrationCount() async throws {
        let queue = try DatabaseQueue()
        try Migrations.all.migrate(queue, upTo: "12 moves")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO users (folder, created_at) VALUES (x'61', '');
                    INSERT INTO audio_records (user_id, file_name, original_filename, file_path, path, device, inode,
                        file_size, modified_ns, changed_ns, sha256, transcription_status, created_at, updated_at,
                        completed_at, transcript_text)
                    SELECT 1, n, n, n, CAST(n AS BLOB), 1, 1, 1, 1, 1, zeroblob(32), 'completed', '', '',
                        '2026-01-01T00:00:00.000Z', '' FROM (SELECT 'a' AS n UNION SELECT 'b');
                    INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, created_at)
                    VALUES (1, 'engine', '', '[]', '2026-03-01T00:00:00.000Z'),
                        (2, 'sidecar', '', '[]', '2026-02-01T00:00:00.000Z');
                    """)
        }
        try Migrations.all.migrate(queue)
        let rest = try await queue.read {
            try String.fetchAll($0, sql: "SELECT rests_since FROM audio_records ORDER BY id")
        }
        #expect(rest == ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"])
    }
}
