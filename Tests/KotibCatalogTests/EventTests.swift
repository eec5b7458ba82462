import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct EventTests {
    private let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func events(
        after last: Int64 = 0, in scope: AccessScope = .everyone, limit: Int = 100
    ) async throws -> [CatalogEvent]? {
        try await catalog.events.page(after: last, in: scope, limit: limit)?.events
    }

    /// Adds events that nobody reads.
    private func addEvents(_ count: Int) async throws {
        try await catalog.database.write("test") { database in
            for _ in 0..<count {
                try database.run(
                    """
                    INSERT INTO events (kind, audio_record_id, file, status, audio_state, at)
                    VALUES ('changed', 1, 'ali/a.mp3', 'pending', 'present', '2027-01-15T08:00:00.000Z')
                    """, [])
            }
        }
    }

    @Test func tellsWhatHappenedToARecording() async throws {
        let id = try await catalog.ingest.accept("ali/a.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            id, transcript: transcript("words"), speech: nil, engineSeconds: 1, now: noon)
        // Its attributes are nobody's concern.
        try await catalog.ingest.accept("ali/a.mp3", inode: 2)
        _ = try await catalog.ingest.markGone(try inboxPath("ali/a.mp3"), now: noon)
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        _ = try await catalog.deletions.finish(of: id)
        let events = try #require(try await events())
        #expect(events.map(\.kind) == [.changed, .changed, .changed, .changed, .deleted])
        #expect(events.map(\.state) == [.pending, .processing, .completed, .completed, .completed])
        #expect(events.map(\.audio) == [.present, .present, .present, .gone, .gone])
        #expect(events.allSatisfy { $0.recording == id && $0.file == "ali/a.mp3" && $0.user != nil })
        #expect(events.first?.time == noon)
        #expect(try await catalog.events.last() == events.last?.id)
    }

    @Test func tellsOfAPersonsEditOnly() async throws {
        let id = try await catalog.ingest.accept("ali/a.mp3").recording
        let last = try await catalog.events.last()
        for origin in RevisionOrigin.allCases {
            try await catalog.database.write("test") { database in
                try database.execute(
                    sql: """
                        INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, created_at)
                        VALUES (:recording, :origin, '', '[]', '2027-01-15T08:00:00.000Z')
                        """, arguments: ["recording": id.rawValue, "origin": origin.rawValue])
            }
        }
        #expect(try await events(after: last)?.map(\.kind) == [.edited, .edited])
    }

    @Test func goesOnWhereOneStopped() async throws {
        for name in 0..<4 { try await catalog.ingest.accept("ali/\(name).mp3") }
        let first = try #require(try await events(limit: 3))
        #expect(first.count == 3)
        let rest = try #require(try await events(after: first[2].id))
        #expect(rest.map(\.file) == ["ali/3.mp3"])
        #expect(try await events(after: rest[0].id) == [])
    }

    @Test func aUserHearsOfTheirOwnOnly() async throws {
        try await catalog.ingest.accept("ali/a.mp3")
        try await catalog.ingest.accept("vali/a.mp3")
        try await catalog.ingest.reject("nobody.txt")
        let ali = try #require(try await catalog.recordings.current(inboxPath("ali/a.mp3"))?.user)
        #expect(try await events(in: .only(ali))?.map(\.file) == ["ali/a.mp3"])
        #expect(try await events()?.count == 3)
    }

    /// However much others do: who follows all the while has missed nothing, and reads nothing twice.
    @Test func othersEventsLeaveNobodyBehind() async throws {
        try await catalog.ingest.accept("vali/a.mp3")
        let vali = try #require(try await catalog.recordings.current(inboxPath("vali/a.mp3"))?.user)
        var last: Int64 = 0
        for _ in 0..<6 {
            try await addEvents(Migrations.keptEvents / 5 + 1)
            let page = try #require(try await catalog.events.page(after: last, in: .only(vali), limit: 100))
            #expect(page.events.count == (last == 0 ? 1 : 0))
            last = page.upTo
            #expect(try await catalog.events.last() == last)
        }
        try await catalog.ingest.accept("vali/b.mp3")
        let page = try #require(try await catalog.events.page(after: last, in: .only(vali), limit: 1))
        #expect(page.events.map(\.file) == ["vali/b.mp3"] && page.upTo == page.events[0].id)
    }

    @Test func unknownPositionIsReset() async throws {
        #expect(try await catalog.events.last() == 0)
        #expect(try await events() == [])
        #expect(try await events(after: 1) == nil)
        #expect(try await events(after: -1) == nil)
        try await addEvents(Migrations.keptEvents + 5)
        #expect(try await events(after: 4) == nil)
        #expect(try await events(after: 5, limit: 1)?.map(\.id) == [6])
        let last = try await catalog.events.last()
        #expect(last == Int64(Migrations.keptEvents + 5))
        #expect(try await events(after: last) == [])
        #expect(try await events(after: last + 1) == nil)
    }

    @Test(.timeLimit(.minutes(1))) func signalsCommitsThatAddedEvents() async throws {
        var signals = catalog.events.signals().makeAsyncIterator()
        try await catalog.ingest.accept("ali/a.mp3")
        #expect(await signals.next() != nil)
        // Two unread signals count as one, and a commit without events sends none.
        try await catalog.ingest.accept("ali/b.mp3")
        try await catalog.ingest.accept("ali/c.mp3")
        _ = try await catalog.users.enroll("vali")
        #expect(await signals.next() != nil)
        try await catalog.close()
        #expect(await signals.next() == nil)
        var later = catalog.events.signals().makeAsyncIterator()
        #expect(await later.next() == nil)
    }

    @Test(.timeLimit(.minutes(1))) func rollbackGivesNoSignal() async throws {
        var signals = catalog.events.signals().makeAsyncIterator()
        await #expect(throws: CatalogError.self) {
            try await catalog.database.write("test") { database in
                _ = try database.run(
                    """
                    INSERT INTO events (kind, audio_record_id, file, status, audio_state, at)
                    VALUES ('changed', 1, 'x', 'pending', 'present', '2027-01-15T08:00:00.000Z')
                    """, [])
                throw MalformedRow(column: "none")
            }
        }
        try await catalog.close()
        #expect(await signals.next() == nil)
    }

    @Test func aCancelledFollowerIsForgotten() async throws {
        let signals = catalog.events.signals()
        let follower = Task { for await _ in signals {} }
        follower.cancel()
        await follower.value
        #expect(catalog.database.signals.listenerCount == 0)
    }
}
