import FoundationEssentials
import GRDB
import HTTPTypes
import HummingbirdCore
import KotibControlProtocol
import KotibModel
import KotibSidecars
import KotibTestSupport
import NIOCore
import Synchronization
import Testing

@testable import KotibCatalog
@testable import KotibControlServer

/// Threat 67: what clients who do not read leave in memory is bounded over all of them.
@Suite(.timeLimit(.minutes(3))) struct AnswerTests {
    /// Reads nothing after so many pieces.
    private final class StandingReader: ResponseBodyWriter {
        private let state = Mutex((pieces: 0, bytes: 0, largest: 0))
        private let most: Int

        init(after most: Int = .max) { self.most = most }

        var largest: Int { state.withLock { $0.largest } }
        var bytes: Int { state.withLock { $0.bytes } }

        func write(_ buffer: ByteBuffer) async throws {
            let isOver = state.withLock { state in
                state.pieces += 1
                state.bytes += buffer.readableBytes
                // A slice keeps its whole buffer in memory, so that counts.
                state.largest = max(state.largest, buffer.storageCapacity)
                return state.pieces >= most
            }
            // A client that reads no more, until it is cancelled.
            if isOver { try await Task.sleep(for: .seconds(3600)) }
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    private static let long = String(repeating: "soʻz \"q\" \\ \n", count: 20_000)

    /// Recordings with a long text each.
    private func library(_ texts: [String]) async throws -> (AudioFixture, Caller, [Int64]) {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        var ids: [Int64] = []
        for number in texts.indices {
            let answer = try await fixture.upload("speech \(number)", as: "\(number).wav", by: ali)
            ids.append(try answer.decoded(AudioRecordBody.self).id)
        }
        try await fixture.transcribing {
            for id in ids {
                try await waitUntil("it is transcribed") {
                    let entry = try await fixture.parts.catalog.listing.entry(
                        RecordingID(rawValue: id), in: .everyone)
                    return entry?.recording.state == .completed
                }
            }
        }
        for (id, text) in zip(ids, texts) where !text.isEmpty {
            let body = try JSONEncoder().encode(EditRequest(transcriptText: text))
            let answer = try await fixture.call(.put, "\(id)", as: ali, Array(body))
            #expect(try answer.decoded(AudioRecordBody.self).transcriptText == text)
        }
        return (fixture, ali, ids)
    }

    private func response(_ fixture: AudioFixture, _ path: String, as caller: Caller) async throws -> Response
    {
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/api/v1/audio/\(path)"),
            body: RequestBody(buffer: ByteBuffer()))
        var context = ControlContext(logger: fixture.logger, peer: 1)
        context.caller = caller
        return try await fixture.routes.respond(to: request, context: context)
    }

    @Test func longTextsComeWholeAndPieceByPiece() async throws {
        let texts = [
            Self.long, "", Self.long + "2", String(repeating: "x", count: ListingStore.shortText + 1),
        ]
        let (fixture, ali, ids) = try await library(texts)
        let list = try await fixture.call(.get, "list", as: ali).decoded(AudioListBody.self)
        #expect(list.items.map(\.id) == ids.reversed() && list.total == 4 && list.next == nil)
        #expect(
            list.items.reversed().map(\.transcriptText) == [texts[0], "Hello there.", texts[2], texts[3]])
        let page = try await fixture.call(.get, "list?limit=2", as: ali).decoded(AudioListBody.self)
        #expect(page.items.map(\.id) == [ids[3], ids[2]] && page.next == ids[2])
        let revisions = try await fixture.call(.get, "\(ids[0])/revisions", as: ali)
            .decoded(RevisionListBody.self)
        #expect(revisions.items.map(\.text) == [texts[0], "Hello there."] && revisions.next == nil)
        let one = try await fixture.call(.get, "\(ids[0])/revisions/\(revisions.items[0].id)", as: ali)
        #expect(try one.decoded(RevisionBody.self) == revisions.items[0])
        for path in [
            "list", "\(ids[0])", "\(ids[0])/revisions", "\(ids[0])/transcript",
            "\(ids[0])/transcript?format=json",
        ] {
            let reader = StandingReader()
            try await response(fixture, path, as: ali).body.write(reader)
            // The capacity of a buffer is the next power of two.
            #expect(
                reader.bytes >= Self.long.utf8.count && reader.largest <= 2 * ChunkedResponseWriter.size,
                "\(path)")
        }
        #expect(fixture.parts.answers.count == 0)
    }

    /// Memory is not the client's to choose: a page ends after many bytes, and says where the next begins.
    @Test func pagesEndAfterManyBytes() async throws {
        let (fixture, ali, ids) = try await library(Array(repeating: "", count: 5))
        let size = ListingStore.longestList / 4 + 1
        try await fixture.parts.catalog.database.write("test") { database in
            try database.execute(
                sql: """
                    UPDATE transcript_revisions SET text = printf('%.*c', \(size), 'a');
                    UPDATE audio_records SET transcript_text = printf('%.*c', \(size), 'a');
                    INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, created_at)
                    SELECT audio_record_id, origin, text, segments, created_at FROM transcript_revisions
                    WHERE audio_record_id = \(ids[0]);
                    """)
        }
        let list = try await fixture.call(.get, "list", as: ali).decoded(AudioListBody.self)
        #expect(list.items.map(\.id) == ids.dropFirst().reversed() && list.total == 5)
        #expect(list.items.allSatisfy { $0.transcriptText?.utf8.count == size } && list.next == ids[1])
        let rest = try await fixture.call(.get, "list?before=\(ids[1])", as: ali).decoded(AudioListBody.self)
        #expect(rest.items.map(\.id) == [ids[0]] && rest.next == nil)

        let newest = try await fixture.call(.get, "\(ids[0])/revisions", as: ali)
            .decoded(RevisionListBody.self)
        #expect(newest.items.count == 1 && newest.next == newest.items.first?.id)
        let next = try #require(newest.next)
        let earlier = try await fixture.call(.get, "\(ids[0])/revisions?before=\(next)", as: ali)
            .decoded(RevisionListBody.self)
        #expect(earlier.items.count == 1 && earlier.next == nil)
        #expect(earlier.items.allSatisfy { $0.id < next && $0.text.utf8.count == size })
    }

    @Test func anIndexEndsAtItsLimit() async throws {
        let (fixture, _, ids) = try await library(["a", "b", "c"])
        let filter = RecordingFilter(scope: .everyone)
        let index = try await fixture.parts.catalog.listing.index(filter, limit: 2)
        #expect(index.recordings.map(\.rawValue) == [ids[2], ids[1]] && index.next?.rawValue == ids[1])
        #expect(try await fixture.parts.catalog.listing.index(filter, limit: 3).next == nil)
        #expect(try await fixture.parts.catalog.listing.index(filter, skip: 3, limit: 3).recordings.isEmpty)
    }

    /// Some responses may be held in memory; those beyond the limit are streamed.
    @Test func nonReadingClientTakesBoundedMemory() async throws {
        let (fixture, ali, ids) = try await library([Self.long])
        let boss = try await fixture.user("boss", role: .admin)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<150 {
                let answer = try await response(fixture, "list", as: ali)
                group.addTask { try? await answer.body.write(StandingReader(after: 2)) }
            }
            try await waitUntil("they stand") { fixture.parts.answers.count > 20 << 20 }
            // All are served; those beyond the limit in small pieces.
            #expect(fixture.parts.answers.count <= 32 << 20, "half of it is for others")
            #expect(
                try await fixture.call(.get, "list", as: ali).decoded(AudioListBody.self).items.count == 1)
            let other = try await fixture.call(.get, "\(ids[0])/transcript?format=md", as: boss)
            #expect(other.status == .ok && other.body.count >= Self.long.utf8.count)
            group.cancelAll()
        }
        try await waitUntil("it is given back") { fixture.parts.answers.count == 0 }
    }

    @Test func unchunkedResponseNeedsMemory() async throws {
        let (fixture, ali, ids) = try await library([Self.long])
        // Thirty-two, sixteen and so on: what is left gets smaller and smaller.
        let shares = (0..<9).compactMap { fixture.parts.answers.share((32 << 20) >> $0, for: "\($0)") }
        let answer = try await fixture.call(.get, "\(ids[0])/transcript", as: ali)
        #expect(answer.status == .serviceUnavailable && answer.headers[.retryAfter] == "5")
        withExtendedLifetime(shares) {}
    }

    @Test func anEditTakesRoomUntilItIsDone() async throws {
        let room = RequestMemoryLimit(limit: 100)
        do {
            let share = room.share()
            #expect(share.reserve(60) && share.reserve(40) && !share.reserve(1))
            #expect(room.count == 100)
        }
        #expect(room.count == 0)
    }

    @Test func nobodyTakesMoreThanIsLeft() {
        let room = ResponseMemoryLimit(limit: 100)
        let first = room.share(50, for: "a")
        #expect(first != nil && room.share(1, for: "a") == nil)
        let second = room.share(25, for: "b")
        #expect(second != nil && room.share(1, for: "b") == nil)
        #expect(room.share(12, for: "c") != nil)
        withExtendedLifetime((first, second)) {}
    }
}

@Suite struct BearerTests {
    @Test(arguments: [
        ("Bearer a.b-_.c", "a.b-_.c"), ("bearer a", "a"), ("BEARER a", "a"), ("Bearer  a", nil),
        (" Bearer a", nil),
        ("Bearer a ", nil), ("Bearer a b", nil), ("Bearer\ta", nil), ("Bearer a=", nil), ("Bearer ", nil),
        ("Bearer", nil), ("", nil), ("Basic a", nil), ("Bearer a+b", nil), ("Bearer ä", nil),
    ])
    func oneBlankAndNothingButTheToken(header: String, token: String?) {
        #expect(AuthenticationMiddleware.bearer(header) == token)
    }
}
