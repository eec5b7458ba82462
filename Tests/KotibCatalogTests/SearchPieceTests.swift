import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// A long text is found by its words as a short one is, and holds the writer only for a piece at a time.
struct SearchPieceTests {
    private let queue: DatabaseQueue
    private let catalog: Catalog
    /// Just too long to be indexed as a whole: a debug build takes seconds to cut a snippet out of much more.
    private static let filler = String(repeating: "gap boshqa ", count: 25_000)

    init() throws {
        queue = try DatabaseQueue()
        catalog = try Catalog(queue)
    }

    private func add(_ text: String, _ path: String = "ali/1.mp3", inode: UInt64 = 1) async throws
        -> RecordingID
    {
        let id = try await catalog.ingest.accept(path, content: UInt8(inode), inode: inode).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(text), speech: nil, engineSeconds: 1, now: noon)
        return id
    }

    private func edit(_ id: RecordingID, _ text: String) async throws {
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: nil)
        guard case .edited = try await catalog.revisions.edit(edit, now: noon) else {
            throw CocoaError(.featureUnsupported)
        }
    }

    private func found(_ query: String, in scope: AccessScope = .everyone) async throws -> [RecordingID] {
        var filter = RecordingFilter(scope: scope)
        filter.query = query
        let page = try await catalog.listing.page(filter, limit: 100)
        #expect(page.total == page.entries.count, "\(query)")
        return page.entries.map(\.recording.id)
    }

    private func count(_ table: String) async throws -> Int {
        try await queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? -1 }
    }

    @Test func piecesAreTheWholeText() {
        for text in [Self.filler, String(repeating: "ўзбек", count: 100_000), "a", ""] {
            let pieces = SearchPieces.of(text)
            #expect(pieces.joined() == text)
            #expect(pieces.allSatisfy { $0.utf8.count <= SearchPieces.longest })
        }
        #expect(SearchPieces.of(Self.filler).dropLast().allSatisfy { $0.last == " " })
    }

    @Test func wordsAreFoundWhereverTheyStand() async throws {
        let short = try await add("boshi oxiri", "ali/short.mp3", inode: 2)
        let text = "boshi " + Self.filler + "o'rtasi oxiri"
        let long = try await add(text)
        #expect(try await found("boshi") == [short], "not yet")
        try await catalog.searchIndex.indexLongTexts()
        #expect(try await count("search_pieces") == SearchPieces.of(text).count)
        #expect(try await count("search_due") == 0)
        #expect(try await found("boshi") == [long, short])
        #expect(try await found("o‘rta*") == [long])
        #expect(try await found("boshi oxiri") == [long, short], "in different pieces")
        #expect(try await found("boshi yoq").isEmpty)
        #expect(try await found("\"gap boshqa\"") == [long])
        let ali = try await catalog.users.enroll("ali")
        let other = try await catalog.users.enroll("malika")
        #expect(try await found("oxiri", in: .only(ali)) == [long, short])
        #expect(try await found("oxiri", in: .only(other)).isEmpty)
    }

    /// Whoever saves a long text again and again keeps no other out of the index.
    @Test func longTextsTakeTurns() async throws {
        let low = try await add(Self.filler + "birinchi")
        let high = try await add(Self.filler + "ikkinchi", "ali/2.mp3", inode: 2)
        // It is saved anew with each piece that is taken in.
        try await queue.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER test_saved_anew AFTER INSERT ON search_pieces
                    WHEN NEW.audio_record_id = \(low.rawValue)
                    BEGIN
                        UPDATE search_due SET version = version + 1 WHERE audio_record_id = NEW.audio_record_id;
                    END
                    """)
        }
        let indexing = Task { try await catalog.searchIndex.indexLongTexts() }
        defer { indexing.cancel() }
        try await waitUntil("the other is found") { try await found("ikkinchi") == [high] }
    }

    @Test func anEditTakesTheOldWordsOut() async throws {
        let id = try await add(Self.filler + "eski")
        try await catalog.searchIndex.indexLongTexts()
        try await edit(id, Self.filler + "yangi")
        try await catalog.searchIndex.indexLongTexts()
        #expect(try await found("eski").isEmpty)
        #expect(try await found("yangi") == [id])
        try await edit(id, "qisqa")
        #expect(try await found("qisqa") == [id])
        try await catalog.searchIndex.indexLongTexts()
        #expect(try await count("search_pieces") == 0)
        #expect(try await found("yangi").isEmpty)
        try await edit(id, Self.filler + "uzun")
        #expect(try await found("qisqa").isEmpty)
        try await catalog.searchIndex.indexLongTexts()
        try await queue.write { try $0.execute(sql: "DELETE FROM audio_records") }
        try await catalog.searchIndex.indexLongTexts()
        #expect(try await count("search_pieces") == 0)
        #expect(try await count("search_due") == 0)
    }

    @Test func currentOwnerFindsTheRecording() async throws {
        let id = try await add(Self.filler + "oxiri")
        try await catalog.searchIndex.indexLongTexts()
        let other = try await catalog.users.enroll("malika")
        let ali = try await catalog.users.enroll("ali")
        try await queue.write {
            try $0.execute(sql: "UPDATE audio_records SET user_id = ?", arguments: [other.rawValue])
        }
        #expect(try await found("oxiri", in: .only(ali)).isEmpty, "although the index does not know yet")
        try await catalog.searchIndex.indexLongTexts()
        #expect(try await found("oxiri", in: .only(other)) == [id])
    }

    /// The indexing may end anywhere, and goes on from what is on the disk.
    @Test func interruptedWorkStartsAgain() async throws {
        let id = try await add(Self.filler + "oxiri")
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO search_pieces (id, audio_record_id, owner, text)
                    VALUES (:piece, :recording, 1, 'qoldiq')
                    """, arguments: ["piece": SearchPieces.firstID, "recording": id.rawValue])
        }
        try await catalog.searchIndex.indexLongTexts()
        #expect(try await found("qoldiq").isEmpty)
        #expect(try await found("oxiri") == [id])
    }

    /// A write takes place between the pieces of a long text, not only after the whole.
    @Test func othersWriteInBetween() async throws {
        let words = (0..<200_000).map { String($0 &* 7919, radix: 36) }.joined(separator: " ")
        _ = try await add(words)
        async let indexing: Void = catalog.searchIndex.indexLongTexts()
        var rounds = 0
        while try await count("search_due") > 0 {
            _ = try await catalog.users.enroll(UserFolder(stringLiteral: "u\(rounds)"))
            rounds += 1
        }
        try await indexing
        #expect(rounds > 2)
    }
}
