import FoundationEssentials
import GRDB
import GRDBSQLite
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct SearchTests {
    private let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    @discardableResult
    private func add(_ text: String, user: String = "ali") async throws -> RecordingID {
        let count = try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 0).total
        let id = try await catalog.ingest.accept("\(user)/\(count).mp3").recording
        while let claimed = try await catalog.jobs.claimNext() {
            let end = try await catalog.jobs.complete(
                claimed.id, transcript: transcript(text), speech: nil, engineSeconds: 1, now: noon)
            #expect(end == .recorded)
        }
        return id
    }

    private func search(
        _ query: String, in scope: AccessScope = .everyone, limit: Int = 100
    ) async throws -> LibraryPage {
        var filter = RecordingFilter(scope: scope)
        filter.query = query
        return try await catalog.listing.page(filter, limit: limit)
    }

    private func finds(_ query: String) async throws -> Bool {
        let page = try await search(query)
        #expect(page.total == page.entries.count)
        return !page.entries.isEmpty
    }

    @Test(arguments: [
        "so'z", "soʻz", "soʼz", "so‘z", "so’z", "so`z", "SO'Z", "'so'z'", "oʻzbek", "o'zbek", "yangi o'zbek",
        "o'zb*", "ozbek", "\"yangi soʻz\"", "“yangi so'z”", "soʻz yangi", "cafe", "CAFÉ", "Ўзбек", "ўзб*",
    ])
    func finds(query: String) async throws {
        try await add("Yangi soʻz, «o‘zbek» café. 'Iqtibos' Ўзбек")
        #expect(try await finds(query))
    }

    @Test(arguments: [
        "zbek", "so", "sozlar", "\"soʻz yangi\"", "yangi eski", "ali", "u1", "owner:u1", "😀", "\"", "''", "*",
        "( )",
        "yan", "so*z", "ya*",
    ])
    func doesNotFind(query: String) async throws {
        try await add("Yangi soʻz, «o‘zbek» café")
        #expect(try await !finds(query))
    }

    @Test func wordsInApostrophesAreWords() async throws {
        try await add("He said 'hello' and ‘bye’, didn't he")
        for query in ["hello", "bye", "didnt", "didn’t"] { #expect(try await finds(query)) }
        #expect(try await !finds("didn"))
    }

    @Test func aBlankQueryIsNone() async throws {
        try await add("word")
        #expect(try await finds(" \n"))
    }

    @Test func showsWhereTheWordsAre() async throws {
        let filler = String(repeating: "boshqa gaplar ", count: 100)
        try await add("\(filler)mana bu soʻz, yana ‘so‘z’ va soʻzlar\n\(filler)")
        let page = try await search("so'z bu")
        let snippet = try #require(page.entries.first?.snippet)
        #expect(snippet.filter(\.isMatch).map(\.text) == ["bu", "soʻz", "so‘z"])
        let text = snippet.map(\.text).joined()
        #expect(text.hasPrefix("…") && text.hasSuffix("…"))
        #expect((120...163).contains(text.count))
        #expect(text.contains("mana bu soʻz, yana ‘so‘z’ va soʻzlar\n"))
    }

    /// A long text is looked through in portions of 16,384 bytes and more.
    @Test(arguments: [16_370, 16_380, 16_384, 32_768, 65_536, 120_000])
    func showsWordsWhereverInALongTextTheyAre(place: Int) async throws {
        let filler = String(repeating: "gʻoz ", count: place / 6) + String(repeating: "z", count: place % 6)
        try await add("\(filler) mana soʻzim oxiri \(filler)")
        let snippet = try #require(try await search("sozim").entries.first?.snippet)
        #expect(snippet.filter(\.isMatch).map(\.text) == ["soʻzim"])
        #expect(snippet.map(\.text).joined().contains("mana soʻzim oxiri"))
    }

    /// A portion that ends neither at a blank nor at a whole character.
    @Test func findsWordsBehindOneOfManyLetters() async throws {
        try await add(String(repeating: "я", count: 100_001) + " mana soʻzim")
        let snippet = try #require(try await search("sozim").entries.first?.snippet)
        #expect(snippet.filter(\.isMatch).map(\.text) == ["soʻzim"])
    }

    @Test func showsPhrasesAndBeginningsAsOne() async throws {
        try await add("bir ikki uch, ikki uchlar")
        let snippet = try await search("\"ikki uch\" uchl* uch").entries.first?.snippet
        #expect(
            snippet == [
                SnippetPart(text: "bir ", isMatch: false), SnippetPart(text: "ikki uch", isMatch: true),
                SnippetPart(text: ", ikki ", isMatch: false), SnippetPart(text: "uchlar", isMatch: true),
            ])
    }

    @Test func findsNothingOfOtherUsers() async throws {
        let id = try await add("mening soʻzim", user: "ali")
        try await add("sening soʻzing", user: "vali")
        let ali = try #require(try await catalog.recordings.find(id)?.user)
        #expect(try await search("so'z*").total == 2)
        let own = try await search("so'z*", in: .only(ali))
        #expect(own.total == 1)
        #expect(own.entries.map(\.recording.id) == [id])
        #expect(try await search("sening", in: .only(ali)).entries.isEmpty)
        #expect(try await search("x\") OR owner : (\"u2\" OR \"sening", in: .only(ali)).entries.isEmpty)
    }

    @Test func followsEveryChangeOfTheText() async throws {
        let id = try await add("birinchi")
        func set(_ text: String) async throws {
            try await catalog.database.write("test") { database in
                try database.execute(
                    sql: "UPDATE audio_records SET transcript_text = :text WHERE id = :recording",
                    arguments: ["text": text, "recording": id.rawValue])
            }
        }
        try await set("ikkinchi")
        #expect(try await !finds("birinchi"))
        #expect(try await finds("ikkinchi"))
        try await set("")
        #expect(try await !finds("ikkinchi"))
        try await set("uchinchi")
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        #expect(try await !finds("uchinchi"))
        #expect(try await catalog.deletions.finish(of: id))
        #expect(try await !finds("uchinchi"))
        let rows = try await catalog.database.write("test") { database in
            // The words that the index still holds.
            try database.execute(
                sql: "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, transcript_search, row)")
            return try Int.fetchOne(database, sql: "SELECT count(*) FROM temp.words WHERE doc > 0")
        }
        #expect(rows == 0)
    }

    /// The index alone counts where nothing but words is asked for, otherwise it and the rows: both say the
    /// same.
    @Test func matchesAreCountedInEachWay() async throws {
        for number in 0..<3 { try await add("soʻz \(number)") }
        var filter = RecordingFilter(scope: .everyone)
        filter.query = "soz"
        #expect(try await catalog.listing.page(filter, limit: 9).total == 3)
        filter.states = Set(RecordingState.allCases)
        #expect(try await catalog.listing.page(filter, limit: 9).total == 3)
        filter.states = [.completed]
        #expect(try await catalog.listing.page(filter, limit: 9).total == 3)
        filter.states = [.failed]
        #expect(try await catalog.listing.page(filter, limit: 9).total == 0)
        filter.states = []
        (filter.longest, filter.language) = (1, nil)
        #expect(try await catalog.listing.page(filter, limit: 9).total == 0)
        (filter.longest, filter.language) = (nil, "uz")
        #expect(try await catalog.listing.page(filter, limit: 9).total == 0)
        filter.language = nil
        _ = try await catalog.deletions.decide(of: RecordingID(rawValue: 2), in: .everyone)
        let page = try await catalog.listing.page(filter, limit: 9)
        #expect(page.total == 2 && page.entries.count == 2)
    }

    @Test func pagesByIdAndByCount() async throws {
        for number in 0..<5 { try await add("soʻz \(number)") }
        var filter = RecordingFilter(scope: .everyone)
        filter.query = "soz"
        let first = try await catalog.listing.page(filter, limit: 2)
        #expect(first.entries.map(\.recording.id.rawValue) == [5, 4])
        #expect(first.total == 5 && first.isTotalExact)
        let next = try await catalog.listing.page(filter, before: first.next, skip: 1, limit: 2)
        #expect(next.entries.map(\.recording.id.rawValue) == [2, 1])
        #expect(next.next == nil)
    }

    /// A query that joins a common word with one that no recording has reads all recordings.
    @Test func aSearchThatTakesTooLongIsEnded() async throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock()
        let database = try DatabasePool(path: folder.path("kotib.sqlite"))
        let catalog = try Catalog(database, clock: clock)
        try await catalog.ingest.accept("ali/1.mp3")
        async let search = catalog.database.search("test") { database in
            try Int.fetchOne(database, sql: Self.endless)
        }
        try await waitUntil("it is timed") { clock.deadlines.count == 1 }
        clock.advance(by: CatalogDatabase.longestSearch)
        do {
            _ = try await search
            Issue.record("it ended by itself")
        } catch let error as CatalogError {
            #expect(error.code == .tooLong)
        }
        // Its connection serves the next one.
        #expect(try await catalog.database.search("test") { try Int.fetchOne($0, sql: "SELECT 7") } == 7)
    }

    private static let endless = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n
        """

    @Test func aSearchEndsWithWhoAsked() async throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock()
        let catalog = try Catalog(DatabasePool(path: folder.path("kotib.sqlite")), clock: clock)
        let search = Task {
            try await catalog.database.search("test") { try Int.fetchOne($0, sql: Self.endless) }
        }
        try await waitUntil("it is timed") { clock.deadlines.count == 1 }
        search.cancel()
        await #expect(throws: CatalogError.self) { try await search.value }
    }

    /// SQLite forgets an interruption that comes when no statement runs (sqlite3_interrupt).
    @Test func aStatementThatBeginsAfterTheInterruptionIsEndedAsWell() async throws {
        let folder = try TemporaryFolder()
        let catalog = try Catalog(DatabasePool(path: folder.path("kotib.sqlite")), clock: ManualClock())
        let (isRunning, results) = (Shared(false), Shared<[CInt]>([]))
        let search = Task {
            try await catalog.database.search("test") { database in
                isRunning.change { $0 = true }
                // The first statement is interrupted, which consumes the interruption.
                for sql in [Self.endless, Self.long] {
                    let result = Self.step(sql, on: database)
                    results.change { $0.append(result) }
                }
            }
        }
        try await waitUntil("it has its connection") { isRunning.value }
        search.cancel()
        _ = await search.result
        #expect(results.value == [SQLITE_INTERRUPT, SQLITE_INTERRUPT])
    }

    /// A statement that takes some seconds.
    private static let long = """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT count(*) FROM n
        """

    /// Steps without GRDB, which starts nothing in a task that is cancelled.
    private static func step(_ sql: String, on database: Database) -> CInt {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        let prepared = sqlite3_prepare_v2(database.sqliteConnection, sql, -1, &statement, nil)
        guard prepared == SQLITE_OK else { return prepared }
        return sqlite3_step(statement)
    }

    @Test func frequentMatchesAreNotCountedFurther() async throws {
        try await catalog.ingest.accept("ali/1.mp3")
        try await catalog.database.write("test") { database in
            try database.execute(
                sql: """
                    UPDATE audio_records SET transcription_status = 'completed', transcript_text = 'soz';
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                    INSERT INTO audio_records (user_id, file_name, original_filename, file_path, path, device, inode,
                        file_size, modified_ns, changed_ns, sha256, transcription_status, created_at, updated_at,
                        transcript_text, media_type, container, codec, duration, channels, sample_rate)
                    SELECT user_id, file_name, original_filename, file_path, CAST(i AS BLOB), device, inode, file_size,
                        modified_ns, changed_ns, sha256, 'completed', created_at, updated_at, 'soz', media_type,
                        container, codec, duration, channels, sample_rate
                    FROM n, audio_records WHERE id = 1;
                    """, arguments: [ListingStore.maxCounted])
        }
        let page = try await search("soz", limit: 1)
        #expect(page.total == ListingStore.maxCounted && !page.isTotalExact)
        var filter = RecordingFilter(scope: .everyone)
        filter.query = "soz"
        let counted = try await catalog.listing.page(filter, limit: 1, countsAll: true)
        #expect(counted.total == ListingStore.maxCounted + 1 && counted.isTotalExact)
        #expect(
            try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 1).total == 10_001)
        filter = RecordingFilter(scope: .everyone)
        filter.from = .distantPast
        let ofAllTime = try await catalog.listing.page(
            filter, before: RecordingID(rawValue: 10_000), limit: 2)
        #expect(
            ofAllTime.total == 10_001 && ofAllTime.entries.map(\.recording.id.rawValue) == [9_999, 9_998])
    }

    @Test func nothingThatIsTypedIsAnError() async throws {
        try await add("and or not near text owner 😀 a\u{0}b")
        let bits = [
            "\"", "'", "AND", "OR", "NOT", "NEAR", "NEAR(a b, 2)", "(", ")", "*", "^", ":", "text:", "-", "+",
            "{", "}",
            "\u{0}", "😀", "é", "e\u{301}", "\u{301}", "ʻ", " ", "\n", "a", "u1", "\\", "%", ";--", "«", "”",
            "\u{FFFF}",
            "\u{E000}", String(repeating: "x", count: 10_000), String(repeating: "a b ", count: 2500),
        ]
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let query = (0..<Int.random(in: 1...8, using: &random))
                .compactMap { _ in bits.randomElement(using: &random) }.joined()
            await #expect(throws: Never.self, "\(query.prefix(200).debugDescription)") {
                _ = try await search(query)
            }
        }
    }
}
