import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct RevisionTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func transcribed(_ words: String, _ path: String = "ali/1.mp3") async throws -> RecordingID {
        let id = try await catalog.ingest.accept(path).recording
        try await transcribe(id, words)
        return id
    }

    private func transcribe(_ id: RecordingID, _ words: String) async throws {
        try #require(try await catalog.jobs.claimNext()?.id == id)
        let end = try await catalog.jobs.complete(
            id, transcript: transcript(words), speech: 1, engineSeconds: 1, now: noon)
        try #require(end == .recorded)
    }

    private let talk = (0..<4).map { index in
        TranscriptSegment(
            start: Double(index * 10), end: Double(index * 10 + 8), text: "a\(index) b\(index) c\(index)")
    }

    private func transcribed(_ segments: [TranscriptSegment]) async throws -> RecordingID {
        let id = try await catalog.ingest.accept("ali/1.mp3").recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        var heard = transcript(segments.map(\.text).joined(separator: " "))
        heard.segments = segments
        _ = try await catalog.jobs.complete(id, transcript: heard, speech: 1, engineSeconds: 1, now: noon)
        return id
    }

    /// A text that was emptied, or saved half, or other words, and then the whole again.
    @Test(arguments: ["", "a0 b0 c0 a1 b1", "a3 c3", "other words"])
    func timesComeBackWithTheWords(between: String) async throws {
        let id = try await transcribed(talk)
        let whole = try await shown(id).text
        _ = try await edit(id, between)
        _ = try await edit(id, whole)
        #expect(try await shown(id).segments == talk)
        #expect(try await texts(id) == [whole, between, whole])
    }

    @Test func timesComeFromTheEngineThatLastGaveSome() async throws {
        let id = try await transcribed(talk)
        _ = try await catalog.jobs.retry(id, in: .everyone)
        try #require(try await catalog.jobs.claimNext()?.id == id)
        var heard = transcript("a0 b0")
        heard.segments = []
        _ = try await catalog.jobs.complete(id, transcript: heard, speech: 1, engineSeconds: 1, now: noon)
        _ = try await edit(id, "a0 b0 c0 a1")
        #expect(
            try await shown(id).segments == [
                TranscriptSegment(start: 0, end: 8, text: "a0 b0 c0"),
                TranscriptSegment(start: 10, end: 18, text: "a1"),
            ])
    }

    private func edit(
        _ id: RecordingID, _ text: String, expected: RevisionID? = nil, scope: AccessScope = .everyone,
        author: UserID? = nil, from sidecar: Sidecar? = nil
    ) async throws -> EditOutcome {
        try await catalog.revisions.edit(
            TranscriptEdit(
                recording: id, scope: scope, text: text, author: author, origin: .socket, expected: expected),
            from: sidecar, now: noon + 1)
    }

    private func shown(_ id: RecordingID) async throws -> Revision {
        try #require(try await catalog.revisions.find(nil, of: id, in: .everyone))
    }

    private func texts(_ id: RecordingID) async throws -> [String]? {
        try await catalog.listing.revisions(of: id)?.map(\.text)
    }

    /// The text in the recording's own row, which search and other programs read.
    private func rowText(_ id: RecordingID) async throws -> String? {
        try await catalog.database.read("test") {
            try String.fetchOne(
                $0, sql: "SELECT transcript_text FROM audio_records WHERE id = ?", arguments: [id.rawValue])
        }
    }

    @Test func anEditBecomesWhatIsShownEverywhere() async throws {
        let id = try await transcribed("Salom dunyo")
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        try await catalog.sidecars.waived(id, due: due)
        let first = try await shown(id)
        let ali = try await catalog.users.enroll("ali")
        let outcome = try await edit(id, "Salom, go'zal dunyo!", author: ali)
        let second = try await shown(id)
        #expect(outcome == .edited(second) && second.id != first.id)
        #expect(second.author == ali && second.authorFolder == "ali")
        #expect(second.origin == .socket && second.created == noon + 1 && second.language == "en")
        #expect(second.segments == [TranscriptSegment(start: 0, end: 1.5, text: "Salom, go'zal dunyo!")])
        #expect(try await catalog.recordings.transcript(of: id)?.text == second.text)
        #expect(try await rowText(id) == second.text)
        let revisions = try #require(try await catalog.listing.revisions(of: id))
        #expect(revisions.map(\.id) == [second.id, first.id])
        #expect(revisions.map(\.text) == [second.text, first.text])
        #expect(revisions.allSatisfy { $0.segments.isEmpty }, "times are not for lists")
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(recording.state == .completed && recording.updated == noon + 1)
        #expect(recording.sidecarDue?.kind == .transcript)
    }

    @Test func sameWordsAreNoEdit() async throws {
        let id = try await transcribed("Salom")
        let first = try await shown(id)
        #expect(try await edit(id, "Salom") == .unchanged(first))
        #expect(try await texts(id) == ["Salom"])
    }

    @Test func editOfOlderWordsReturnsTheCurrentOnes() async throws {
        let id = try await transcribed("one")
        let seen = try await shown(id).id
        guard case .edited(let second) = try await edit(id, "two", expected: seen) else {
            Issue.record("not edited")
            return
        }
        #expect(try await edit(id, "three", expected: seen) == .conflict(second))
        #expect(try await edit(id, "two", expected: seen) == .conflict(second))
        #expect(try await texts(id) == ["two", "one"])
        guard case .edited = try await edit(id, "three", expected: second.id) else {
            Issue.record("not edited")
            return
        }
        #expect(try await rowText(id) == "three")
    }

    @Test func ofManyWhoSawTheSameWordsOneIsFirst() async throws {
        let id = try await transcribed("start")
        let seen = try await shown(id).id
        let outcomes = try await withThrowingTaskGroup(of: EditOutcome.self) { group in
            for number in 0..<20 { group.addTask { try await edit(id, "by \(number)", expected: seen) } }
            return try await group.reduce(into: [EditOutcome]()) { $0.append($1) }
        }
        let current = try await shown(id)
        #expect(outcomes.count { $0 == .edited(current) } == 1)
        #expect(outcomes.count { $0 == .conflict(current) } == 19)
        #expect(try await rowText(id) == current.text)
    }

    @Test func ofManyWhoInsistEachHasARevision() async throws {
        let id = try await transcribed("start")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 { group.addTask { _ = try await edit(id, "by \(number)") } }
            try await group.waitForAll()
        }
        let all = try #require(try await texts(id))
        #expect(Set(all) == Set((0..<20).map { "by \($0)" } + ["start"]) && all.count == 21)
        #expect(try await rowText(id) == all.first)
        #expect(try await catalog.recordings.transcript(of: id)?.text == all.first)
    }

    @Test func revisionsComeInPages() async throws {
        let id = try await transcribed("0")
        for number in 1...6 { _ = try await edit(id, "\(number)") }
        var (texts, before, pages): ([String], RevisionID?, Int) = ([], nil, 0)
        while let page = try await catalog.listing.revisions(of: id, before: before, limit: 3), !page.isEmpty
        {
            texts += page.map(\.text)
            (before, pages) = (page.last?.id, pages + 1)
        }
        #expect(texts == ["6", "5", "4", "3", "2", "1", "0"] && pages == 3)
    }

    @Test func strangersFindNothing() async throws {
        let id = try await transcribed("mine")
        let first = try await shown(id).id
        let bob = AccessScope.only(try await catalog.users.enroll("bob"))
        #expect(try await edit(id, "bob's", scope: bob) == .notFound)
        #expect(try await edit(RecordingID(rawValue: 999), "x") == .notFound)
        #expect(try await catalog.listing.revisions(of: id, in: bob) == nil)
        #expect(try await catalog.revisions.find(nil, of: id, in: bob) == nil)
        #expect(try await catalog.revisions.find(first, of: id, in: bob) == nil)
        let restored = try await catalog.revisions.restore(first, of: id, in: bob, author: nil, expected: nil)
        #expect(restored == .notFound)
        #expect(try await texts(id) == ["mine"])
    }

    @Test func recordingWithoutWordsCannotBeEdited() async throws {
        let id = try await catalog.ingest.accept("ali/1.mp3").recording
        #expect(try await edit(id, "early") == .notTranscribed)
        #expect(try await catalog.revisions.find(nil, of: id, in: .everyone) == nil)
        #expect(try await texts(id) == [])
    }

    @Test func recordingBeingDeletedIsInvisible() async throws {
        let id = try await transcribed("going")
        let first = try await shown(id).id
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        #expect(try await edit(id, "late") == .notFound)
        let restored = try await catalog.revisions.restore(
            first, of: id, in: .everyone, author: nil, expected: nil)
        #expect(restored == .notFound)
        #expect(try await catalog.revisions.find(nil, of: id, in: .everyone) == nil)
        #expect(try await catalog.listing.revisions(of: id) == nil)
    }

    @Test func anotherTranscriptionReplacesTheEnginesWords() async throws {
        let id = try await transcribed("first")
        _ = try await catalog.jobs.retry(id, in: .everyone)
        try await transcribe(id, "second")
        #expect(try await catalog.recordings.transcript(of: id)?.text == "second")
        #expect(try await rowText(id) == "second")
        #expect(try await texts(id) == ["second", "first"])
    }

    @Test func anotherTranscriptionLeavesAPersonsWords() async throws {
        let id = try await transcribed("heard")
        _ = try await edit(id, "corrected")
        let persons = try await shown(id)
        _ = try await catalog.jobs.retry(id, in: .everyone)
        #expect(try await edit(id, "corrected") == .unchanged(persons))
        try await transcribe(id, "heard anew")
        #expect(try await shown(id) == persons)
        #expect(try await catalog.recordings.transcript(of: id)?.text == "corrected")
        #expect(try await rowText(id) == "corrected")
        #expect(try await catalog.recordings.state(id) == .completed)
        let revisions = try #require(try await catalog.listing.revisions(of: id))
        #expect(revisions.map(\.text) == ["heard anew", "corrected", "heard"])
        #expect(revisions.map(\.origin) == [.engine, .socket, .engine])
    }

    @Test func anEarlierRevisionCanBeShownAgainWithItsTimes() async throws {
        let id = try await transcribed("heard well")
        let first = try await shown(id)
        guard case .edited(let emptied) = try await edit(id, "") else {
            Issue.record("not edited")
            return
        }
        #expect(emptied.segments.isEmpty)
        let late = try await catalog.revisions.restore(
            first.id, of: id, in: .everyone, author: nil, expected: first.id)
        #expect(late == .conflict(emptied))
        let outcome = try await catalog.revisions.restore(
            first.id, of: id, in: .everyone, author: nil, expected: emptied.id)
        let restored = try await shown(id)
        #expect(outcome == .edited(restored))
        #expect(restored.id != first.id && restored.text == first.text)
        #expect(restored.segments == first.segments && restored.origin == .socket)
        #expect(try await rowText(id) == first.text)
        let again = try await catalog.revisions.restore(
            first.id, of: id, in: .everyone, author: nil, expected: nil)
        #expect(again == .unchanged(restored))
    }

    @Test func aRevisionOfAnotherRecordingIsNone() async throws {
        let id = try await transcribed("one")
        let other = try await shown(transcribed("two", "ali/2.mp3")).id
        #expect(try await catalog.revisions.find(other, of: id, in: .everyone) == nil)
        let outcome = try await catalog.revisions.restore(
            other, of: id, in: .everyone, author: nil, expected: nil)
        #expect(outcome == .notFound)
    }

    @Test func anEditWithoutAudioMakesNothingDue() async throws {
        let id = try await transcribed("one")
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        try await catalog.sidecars.waived(id, due: due)
        _ = try await catalog.ingest.markGone(inboxPath("ali/1.mp3"))
        guard case .edited = try await edit(id, "two") else {
            Issue.record("not edited")
            return
        }
        #expect(try await catalog.recordings.find(id)?.sidecarDue == nil)
    }

    /// Its text may still lie there.
    @Test(arguments: [SidecarKind.transcript, .srt, .failed])
    func anEditWithoutAudioIsDueWhereWordsStand(kind: SidecarKind) async throws {
        let id = try await transcribed("one")
        let path = try inboxPath("ali/1.mp3.x")
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        let sidecar = Sidecar(recording: id, kind: kind, path: path, identity: identity(5))
        try await catalog.sidecars.written(sidecar, due: due)
        _ = try await catalog.ingest.markGone(inboxPath("ali/1.mp3"))
        _ = try await edit(id, "two")
        #expect(try await (catalog.recordings.find(id)?.sidecarDue != nil) == !kind.isNote)
    }

    @Test func wordsThatAreDueStaySoWhateverBecomesOfTheRecording() async throws {
        let id = try await transcribed("one")
        _ = try await catalog.jobs.retry(id, in: .everyone)
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.fail(id, code: "x", message: "x")
        _ = try await catalog.ingest.markGone(inboxPath("ali/1.mp3"))
        #expect(try await catalog.recordings.find(id)?.sidecarDue?.kind == .transcript)
        #expect(try await catalog.ingest.accept("ali/1.mp3") == .readmitted(id, notes: []))
        #expect(try await catalog.recordings.find(id)?.sidecarDue?.kind == .transcript)
        try await catalog.ingest.accept("ali/1.mp3", content: 2)
        #expect(try await catalog.recordings.find(id)?.sidecarDue?.kind == .transcript)
    }

    @Test func returnedRecordingGetsItsTextAgain() async throws {
        let id = try await transcribed("one")
        try await catalog.writeDue(id, at: "ali/1.mp3.txt")
        _ = try await catalog.ingest.markGone(inboxPath("ali/1.mp3"))
        #expect(try await catalog.recordings.find(id)?.sidecarDue == nil)
        #expect(try await catalog.ingest.accept("ali/1.mp3") == .unchanged(id))
        #expect(try await catalog.recordings.find(id)?.sidecarDue?.kind == .transcript)
    }

    /// `==` does not tell them apart, files do.
    @Test func anotherFormOfAnAccentIsAnEdit() async throws {
        let id = try await transcribed("caf\u{E9}")
        guard case .edited = try await edit(id, "cafe\u{301}") else {
            Issue.record("not edited")
            return
        }
        #expect(try await rowText(id).map { Array($0.utf8) } == Array("cafe\u{301}".utf8))
    }

    @Test func anAuthorWhoIsNoMoreIsNobody() async throws {
        let id = try await transcribed("one")
        guard case .edited(let revision) = try await edit(id, "two", author: UserID(rawValue: 77)) else {
            Issue.record("not edited")
            return
        }
        #expect(revision.author == nil && revision.authorFolder == nil)
    }

    @Test func theFileThatWordsWereSavedInIsRegisteredWithThem() async throws {
        let id = try await transcribed("one")
        let path = try inboxPath("ali/1.mp3.txt")
        for (inode, text) in [(5, "two"), (6, "two")] as [(UInt64, String)] {
            let file = Sidecar(recording: id, kind: .transcript, path: path, identity: identity(inode))
            _ = try await edit(id, text, from: file)
            #expect(try await catalog.sidecars.owner(ofSidecar: path) == file)
        }
        let stale = Sidecar(recording: id, kind: .transcript, path: path, identity: identity(7))
        _ = try await edit(id, "three", expected: RevisionID(rawValue: 1), from: stale)
        #expect(try await catalog.sidecars.owner(ofSidecar: path)?.inode == 6)
    }

    @Test func aCatalogOfAnOlderVersionShowsItsNewestWords() async throws {
        let queue = try DatabaseQueue()
        try Migrations.all.migrate(queue, upTo: "5 account security")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO users (id, folder, created_at) VALUES (1, CAST('ali' AS BLOB), '');
                    INSERT INTO audio_records (id, user_id, file_name, original_filename, file_path, path, device,
                        inode, file_size, modified_ns, changed_ns, sha256, transcription_status, created_at,
                        updated_at, transcript_text)
                    VALUES (5, 1, '1', '1', 'ali/1', CAST('ali/1' AS BLOB), 1, 1, 1, 1, 1, zeroblob(32),
                        'completed', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 'new');
                    INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, created_at)
                    VALUES (5, 'engine', 'old', '[]', '2026-01-01T00:00:00.000Z'),
                        (5, 'engine', 'new', '[]', '2026-01-01T00:00:00.000Z');
                    """)
        }
        let catalog = try Catalog(queue)
        #expect(try await catalog.recordings.transcript(of: RecordingID(rawValue: 5))?.text == "new")
    }
}
