import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct LibraryTests {
    private let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    /// `count` recordings of each user, in turns.
    private func fill(_ users: [String], count: Int) async throws {
        for number in 0..<count {
            for user in users { try await catalog.ingest.accept("\(user)/\(number).mp3") }
        }
    }

    private func owner(_ path: String) async throws -> UserID {
        let user = try await catalog.recordings.current(inboxPath(path))?.user
        return try #require(user)
    }

    private func ids(_ page: LibraryPage) -> [Int64] {
        page.entries.map(\.recording.id.rawValue)
    }

    private func everything() async throws -> LibraryPage {
        try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 100)
    }

    @Test func showsTheNewestFirstAndPagesThatNothingShifts() async throws {
        try await fill(["ali"], count: 5)
        let filter = RecordingFilter(scope: .everyone)
        let first = try await catalog.listing.page(filter, limit: 2)
        #expect(ids(first) == [5, 4])
        #expect(first.total == 5)
        #expect(first.next == RecordingID(rawValue: 4))
        try await catalog.ingest.accept("ali/later.mp3")
        let second = try await catalog.listing.page(filter, before: first.next, limit: 2)
        #expect(ids(second) == [3, 2])
        #expect(second.total == 6)
        let last = try await catalog.listing.page(filter, before: second.next, limit: 2)
        #expect(ids(last) == [1])
        #expect(last.next == nil)
    }

    @Test func skipsAfterTheBeginning() async throws {
        try await fill(["ali"], count: 5)
        let filter = RecordingFilter(scope: .everyone)
        #expect(ids(try await catalog.listing.page(filter, skip: 1, limit: 2)) == [4, 3])
        let older = try await catalog.listing.page(
            filter, before: RecordingID(rawValue: 4), skip: 2, limit: 9)
        #expect(ids(older) == [1])
        let beyond = try await catalog.listing.page(filter, skip: 9, limit: 2)
        #expect(beyond.entries.isEmpty && beyond.next == nil && beyond.total == 5)
        #expect(ids(try await catalog.listing.page(filter, skip: -1, limit: -1)).isEmpty)
    }

    @Test func aUserSeesOnlyTheirOwn() async throws {
        try await fill(["ali", "vali"], count: 2)
        let (ali, vali) = (try await owner("ali/0.mp3"), try await owner("vali/0.mp3"))
        var filter = RecordingFilter(scope: .only(ali))
        let page = try await catalog.listing.page(filter, limit: 9)
        #expect(page.entries.allSatisfy { $0.recording.user == ali && $0.userFolder == "ali" })
        #expect(page.total == 2 && page.entries.count == 2)
        filter.user = vali
        #expect(try await catalog.listing.page(filter, limit: 9).total == 0)
        filter.scope = .everyone
        #expect(try await catalog.listing.page(filter, limit: 9).total == 2)
        let id = try #require(page.entries.first?.recording.id)
        #expect(try await catalog.listing.entry(id, in: .only(ali)) == page.entries.first)
        #expect(try await catalog.listing.entry(id, in: .only(vali)) == nil)
    }

    @Test func filtersByStateAndHidesRefusedFilesUnlessAsked() async throws {
        try await fill(["ali"], count: 3)
        try await catalog.ingest.reject("nobody.txt")
        try await catalog.ingest.reject("ali/a.txt")
        _ = try await catalog.jobs.claimNext()
        #expect(ids(try await everything()) == [3, 2, 1])
        #expect(try await everything().total == 3)
        var filter = RecordingFilter(scope: .everyone)
        for (states, expected): (Set<RecordingState>, [Int64]) in [
            ([.processing], [1]), ([.pending, .processing], [3, 2, 1]), ([.rejected], [5, 4]),
            ([.rejected, .pending], [5, 4, 3, 2]), ([.completed], []),
        ] {
            filter.states = states
            let page = try await catalog.listing.page(filter, limit: 9)
            #expect(ids(page) == expected)
            #expect(page.total == expected.count)
        }
        filter.states = [.rejected]
        filter.scope = .only(try await owner("ali/0.mp3"))
        #expect(ids(try await catalog.listing.page(filter, limit: 9)) == [5])
    }

    @Test func filtersByTimeDurationAndLanguage() async throws {
        for (index, seconds) in [5.0, 50, 500].enumerated() {
            _ = try await catalog.ingest.accept(
                inboxPath("ali/\(index).mp3"), identity: identity(1), facts: facts(1, duration: seconds),
                now: noon + Double(index))
        }
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            RecordingID(rawValue: 1), transcript: transcript("hello"), speech: nil, engineSeconds: 1,
            now: noon)
        func find(_ change: (inout RecordingFilter) -> Void) async throws -> [Int64] {
            var filter = RecordingFilter(scope: .everyone)
            change(&filter)
            let page = try await catalog.listing.page(filter, limit: 9)
            #expect(page.total == page.entries.count)
            return ids(page)
        }
        #expect(try await find { $0.from = noon + 1 } == [3, 2])
        #expect(try await find { $0.until = noon + 1 } == [1])
        #expect(try await find { ($0.from, $0.until) = (noon + 1, noon + 2) } == [2])
        #expect(try await find { ($0.from, $0.longest) = (noon + 1, 50) } == [2])
        #expect(try await find { ($0.from, $0.user) = (noon + 1, UserID(rawValue: 1)) } == [3, 2])
        #expect(try await find { ($0.from, $0.query) = (noon + 1, "hello") } == [])
        #expect(try await find { $0.shortest = 50 } == [3, 2])
        #expect(try await find { $0.longest = 50 } == [2, 1])
        #expect(try await find { $0.language = "en" } == [1])
        #expect(try await find { ($0.language, $0.user) = ("en", UserID(rawValue: 1)) } == [1])
        #expect(try await find { ($0.language, $0.longest) = ("en", 4) } == [])
        #expect(try await find { $0.language = "uz" } == [])
        #expect(try await find { ($0.from, $0.language) = (noon, "en") } == [1])
        #expect(try await find { ($0.until, $0.language) = (noon + 3, "uz") } == [])
        #expect(try await find { ($0.language, $0.query) = ("en", "hello") } == [1])
        #expect(try await find { ($0.language, $0.query) = ("uz", "hello") } == [])
    }

    @Test func recordingBeingDeletedIsNeitherListedNorCounted() async throws {
        try await fill(["ali"], count: 3)
        let id = RecordingID(rawValue: 2)
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        #expect(ids(try await everything()) == [3, 1])
        #expect(try await everything().total == 2)
        #expect(try await catalog.listing.entry(id, in: .everyone) == nil)
        #expect(try await catalog.deletions.finish(of: id))
        #expect(try await everything().total == 2)
    }

    @Test func theCountsThatAreKeptAreThoseThatWouldBeCounted() async throws {
        try await fill(["ali", "vali"], count: 4)
        try await catalog.ingest.reject("nobody.txt")
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.fail(RecordingID(rawValue: 1), code: "x", message: "X.", now: noon)
        let end = try await catalog.jobs.complete(
            RecordingID(rawValue: 2), transcript: transcript("hello"), speech: nil, engineSeconds: 1,
            now: noon)
        #expect(end == .recorded)
        try await catalog.ingest.accept("ali/1.mp3", content: 2)
        _ = try await catalog.deletions.decide(of: RecordingID(rawValue: 4), in: .everyone)
        _ = try await catalog.deletions.finish(of: RecordingID(rawValue: 4))
        let kept = try await descriptions("SELECT * FROM recording_counts WHERE count > 0 ORDER BY 1, 2, 3")
        let counted = try await descriptions(
            """
            SELECT coalesce(user_id, 0) AS user_id, transcription_status AS status,
                coalesce(language, '') AS language, count(*) AS count
            FROM audio_records WHERE error_code IS NOT 'superseded' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """)
        #expect(kept == counted)
        #expect(kept.count > 4)
    }

    private func descriptions(_ sql: String) async throws -> [String] {
        try await catalog.database.read("test") { try Row.fetchAll($0, sql: sql).map(\.description) }
    }
}
