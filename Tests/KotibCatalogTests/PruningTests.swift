import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Rows that nobody could remove are pruned, and bounded in number.
struct PruningTests {
    private let queue: DatabaseQueue
    private let catalog: Catalog

    init() throws {
        queue = try DatabaseQueue()
        catalog = try Catalog(queue)
    }

    private func rows(_ table: String = "audio_records") async throws -> Int {
        try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1 }
    }

    private func prune(now: Date = noon) async throws -> Int {
        var count = 0
        while true {
            let more = try await catalog.refusals.prune(now: now)
            if more == 0 { return count }
            count += more
        }
    }

    @Test func refusedFilesThatAreGoneLeaveNothing() async throws {
        for number in 0..<1200 { try await catalog.ingest.reject("ali/\(number).zz") }
        #expect(try await prune() == 0)
        while try await !catalog.ingest.markGone(inboxPath("ali"), now: noon).isEmpty {}
        #expect(try await prune() == 1200)
        #expect(try await rows() == 0)
        let kept = try await queue.read {
            try Int.fetchOne($0, sql: "SELECT coalesce(sum(count), 0) FROM recording_counts")
        }
        #expect(kept == 0)
    }

    /// Its note may have gone along with the folder, and come back with it.
    @Test func aNoteKeepsItsRowForADay() async throws {
        let id = try await catalog.ingest.reject("ali/a.zz").recording
        try await catalog.writeDue(id, at: "ali/a.zz.rejected.txt")
        _ = try await catalog.ingest.markGone(inboxPath("ali/a.zz"), now: noon)
        #expect(try await prune(now: noon + 86_000) == 0)
        #expect(try await prune(now: noon + 87_000) == 1)
        #expect(try await rows("sidecars") == 0)
    }

    /// Words of what lay at its path before are a person's.
    @Test func wordsAreNeverPruned() async throws {
        try await catalog.ingest.accept("ali/a.mp3")
        let claimed = try #require(try await catalog.jobs.claimNext())
        _ = try await catalog.jobs.complete(
            claimed.id, transcript: transcript("words"), speech: 1, engineSeconds: 1, now: noon)
        try await catalog.ingest.reject("ali/a.mp3")
        _ = try await catalog.ingest.markGone(inboxPath("ali/a.mp3"), now: noon)
        #expect(try await prune(now: noon + 1_000_000) == 0)
        #expect(try await rows("transcript_revisions") == 2)
    }

    @Test func noUserHasMoreThanSoMany() async throws {
        try await catalog.ingest.reject("ali/first.zz")
        let path = try inboxPath("ali/more.zz")
        #expect(try await catalog.refusals.mayRefuse(path))
        try await queue.write { database in
            try database.execute(
                sql: "UPDATE recording_counts SET count = ? WHERE status = 'rejected'",
                arguments: [RefusalStore.maxRefused])
        }
        #expect(try await !catalog.refusals.mayRefuse(path))
        #expect(try await catalog.refusals.hasTooMany())
        #expect(try await catalog.refusals.mayRefuse(inboxPath("ali/first.zz")), "it is refused already")
        #expect(try await catalog.refusals.mayRefuse(inboxPath("malika/a.zz")))
        #expect(try await catalog.refusals.mayRefuse(inboxPath("a.mp3")))
    }

    /// With the longest possible path, of bytes that are not UTF-8 (p03).
    @Test func aRefusedRowIsSmall() async throws {
        let name = [UInt8](repeating: 0xFF, count: 240)
        let bytes = Array("ali/".utf8) + Array((0..<15).map { _ in name }.joined(separator: [0x2F]))
        let path = try #require(InboxPath(bytes))
        _ = try await catalog.ingest.reject(
            path, identity: identity(1), rejection: .empty, message: "Empty.", now: noon)
        let size = try await queue.read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT length(file_name) + length(original_filename) + length(file_path) + length(path)
                        + (SELECT sum(length(file)) FROM events) FROM audio_records
                    """)
        }
        #expect(try #require(size) < 9000)
        #expect(try await catalog.recordings.current(path)?.path == path)
    }

    // MARK: - Edits

    private func transcribed(_ path: String = "ali/1.mp3", content: UInt8 = 1) async throws -> RecordingID {
        let id = try await catalog.ingest.accept(path, content: content).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("words"), speech: 1, engineSeconds: 1, now: noon)
        return id
    }

    private func edit(_ id: RecordingID, _ text: String, _ limits: Quota = Quota()) async throws
        -> EditOutcome
    {
        try await catalog.revisions.edit(
            TranscriptEdit(
                recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: nil),
            under: limits, now: noon)
    }

    private func usedText(_ folder: String = "ali") async throws -> Int64? {
        try await queue.read {
            try Int64.fetchOne(
                $0, sql: "SELECT used_text FROM users WHERE folder = ?", arguments: [Data(folder.utf8)])
        }
    }

    @Test func editsCountAndGoWithTheirRecording() async throws {
        let id = try await transcribed()
        #expect(try await usedText() == 0, "an engine's words are not the user's doing")
        let text = String(repeating: "salom ", count: 1000)
        guard case .edited = try await edit(id, text) else { throw CocoaError(.featureUnsupported) }
        let used = try #require(try await usedText())
        #expect((6000...20_000).contains(used))
        _ = try await edit(id, "short")
        #expect(try #require(try await usedText()) > used)
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        try await queue.write { try $0.execute(sql: "DELETE FROM audio_records") }
        #expect(try await usedText() == 0)
    }

    @Test func theFirstOfThemAreFree() async throws {
        let id = try await transcribed()
        let limits = Quota(bytes: 1)
        let megabytes = String(repeating: "a", count: 7 << 20)
        guard case .edited = try await edit(id, megabytes, limits) else {
            throw CocoaError(.featureUnsupported)
        }
        // The words, and once more as the one segment.
        let outcome = try await edit(id, megabytes + "b", limits)
        guard case .overQuota(let rejection) = outcome else {
            Issue.record("not refused")
            return
        }
        #expect(rejection.code == "over_quota_bytes")
        #expect(try await catalog.revisions.find(nil, of: id, in: .everyone)?.text == megabytes)
        guard case .edited = try await edit(id, "short", limits) else {
            throw CocoaError(.featureUnsupported)
        }
        // Bytes beyond that count as those of recordings do.
        guard case .edited = try await edit(id, megabytes + "b") else {
            throw CocoaError(.featureUnsupported)
        }
        let user = try await catalog.users.enroll("ali")
        #expect(try #require(try await catalog.users.find(user)).use.bytes > 10 << 20)
    }

    @Test func anothersRecordingIsAnothersText() async throws {
        let id = try await transcribed()
        _ = try await edit(id, "words of a person")
        let before = try #require(try await usedText())
        let other = try await catalog.users.enroll("malika")
        try await queue.write {
            try $0.execute(sql: "UPDATE audio_records SET user_id = ?", arguments: [other.rawValue])
        }
        #expect(try await usedText() == 0)
        #expect(try await usedText("malika") == before)
    }
}
