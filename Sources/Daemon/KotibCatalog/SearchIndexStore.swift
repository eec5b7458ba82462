import FoundationEssentials
import GRDB
import KotibModel

/// The index of words, and the long texts that are still to come into it.
public struct SearchIndexStore: CatalogStore {
    let database: CatalogDatabase

    /// Yields soon after each commit by which ``indexLongTexts()`` may have something to do. Ends when the
    /// task is cancelled or the catalog closed.
    public func signals() -> AsyncStream<Void> {
        database.longTexts.stream()
    }

    /// Takes long texts into the index of words, and out of it: piece by piece, each in a transaction of its
    /// own, so that nobody waits for long. Until that is done a search finds the words as they were before.
    /// Safe to be ended anywhere: what is not finished is begun anew.
    public func indexLongTexts() async throws(CatalogError) {
        while !Task.isCancelled, let due = try await nextText() { try await index(due) }
    }

    private struct DueText: Sendable {
        var recording: Int64
        var version: Int64
        var owner: Int64
        /// Nil where the recording or its words are gone.
        var text: String?
    }

    private func nextText() async throws(CatalogError) -> DueText? {
        try await read("nextText") { database in
            try database.row(SearchIndexSQL.next, []).map { row in
                DueText(
                    recording: row["audio_record_id"], version: row["version"], owner: row["owner"],
                    text: row["transcript_text"])
            }
        }
    }

    private func index(_ due: DueText) async throws(CatalogError) {
        let pieces = await CatalogDatabase.onThread {
            let text = due.text ?? ""
            return text.unicodeScalars.count > SearchPieces.longestWhole ? SearchPieces.of(text) : []
        }
        while !Task.isCancelled {
            let isMore = try await step(due) { database in
                try database.run(SearchIndexSQL.removeOne, [due.recording])
                return database.changesCount == 1
            }
            guard let isMore else { return }
            if !isMore { break }
        }
        for piece in pieces {
            if Task.isCancelled { return }
            let isAdded = try await step(due) { database in
                try database.run(
                    SearchIndexSQL.add, ["recording": due.recording, "owner": due.owner, "text": piece])
                return true
            }
            if isAdded == nil { return }
        }
        if Task.isCancelled { return }
        _ = try await step(due) { database in
            try database.run(SearchIndexSQL.finish, [due.recording])
            return true
        }
    }

    /// - Returns: nil where the words have changed meanwhile: nothing was done.
    private func step(
        _ due: DueText, _ body: @escaping @Sendable (Database) throws -> Bool
    ) async throws(CatalogError) -> Bool? {
        try await write("indexLongTexts") { database in
            let still: StatementArguments = ["recording": due.recording, "version": due.version]
            guard try database.row(SearchIndexSQL.isStill, still) != nil else { return nil }
            return try body(database)
        }
    }
}

extension Database {
    /// Whether any text is so long that it is indexed in pieces.
    func hasSearchPieces() throws -> Bool { try row(SearchIndexSQL.any, []) != nil }
}

enum SearchIndexSQL {
    static let any = "SELECT 1 FROM search_pieces LIMIT 1"
    static let next = """
        SELECT d.audio_record_id, d.version, coalesce(a.user_id, 0) AS owner, a.transcript_text
        FROM search_due d LEFT JOIN audio_records a ON a.id = d.audio_record_id
        ORDER BY d.audio_record_id LIMIT 1
        """
    static let isStill = "SELECT 1 FROM search_due WHERE audio_record_id = :recording AND version = :version"
    static let removeOne = """
        DELETE FROM search_pieces WHERE id = (SELECT max(id) FROM search_pieces WHERE audio_record_id = ?)
        """
    static let add = """
        INSERT INTO search_pieces (id, audio_record_id, owner, text)
        SELECT coalesce((SELECT max(id) FROM search_pieces) + 1, \(SearchPieces.firstID)),
            :recording, :owner, :text
        """
    static let finish = "DELETE FROM search_due WHERE audio_record_id = ?"
}

/// The ids of a page of a list. The fields of each are read while the page is written.
public struct LibraryIndex: Hashable, Sendable {
    /// Newest first.
    public var recordings: [RecordingID]
    /// How many there are with this filter, on all pages.
    public var total: Int
    /// False where a search found more than ``Catalog/mostCounted``: `total` is that number then.
    public var isTotalExact: Bool
    /// The key of the next page. Nil after the last one.
    public var next: RecordingID?
}

/// A recording as a list shows it, but for a long text.
public struct ListedRecording: Hashable, Sendable {
    public var entry: LibraryEntry
    /// Bytes of the text; that is in `entry` only where it has at most ``Catalog/shortText``.
    public var textSize: Int

    /// The revision whose text is to be read piece by piece; nil where `entry` has the text, or there is
    /// none.
    public var longText: RevisionID? { entry.text == nil && textSize > 0 ? entry.revision : nil }
}

/// A revision, but for a long text.
public struct ListedRevision: Hashable, Sendable {
    /// Without its times; `text` is empty where it has more than ``Catalog/shortText`` bytes.
    public var revision: Revision
    /// Bytes.
    public var textSize: Int

    public var hasLongText: Bool { revision.text.isEmpty && textSize > 0 }
}

/// Lists that are written as they are read: however long the texts, and however slow who reads them, no more
/// of them is in memory than some pieces.
public struct ListingStore: CatalogStore {
    let database: CatalogDatabase

    /// Bytes. Few texts are longer: some ten minutes of speech have as many.
    public static let shortText = 16_384
    /// Bytes of a page's texts, beyond which it ends, whatever its limit.
    public static let longestList = RecordingStore.longestPage
    /// Bytes of text after which a page of revisions ends, however few it has.
    public static let longestRevisionList = RevisionStore.longestRevisionPage

    /// The page that ``RecordingStore/list(_:before:skip:limit:countsAll:)`` reads, without its contents.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/tooLong``.
    public func index(
        _ filter: RecordingFilter, before: RecordingID? = nil, skip: Int = 0, limit: Int,
        countsAll: Bool = false
    ) async throws(CatalogError) -> LibraryIndex {
        let mostCounted = countsAll ? Int.max - 1 : RecordingStore.mostCounted
        let index: @Sendable (Database) throws -> LibraryIndex = { database in
            try database.index(
                filter, before: before, skip: max(skip, 0), limit: max(limit, 0), mostCounted: mostCounted)
        }
        return filter.isCounted && skip <= RecordingStore.mostCounted
            ? try await read("index", index) : try await search("index", index)
    }

    /// The first of these recordings, as many as have ``shortText`` bytes of text together, and at least one.
    /// Those that are not there any more are left out.
    /// - Parameter filter: whose they may be, and what was searched.
    /// - Returns: `count`: how many of `ids` that were.
    public func listed(
        _ ids: some Collection<RecordingID> & Sendable, _ filter: RecordingFilter
    ) async throws(CatalogError) -> (recordings: [ListedRecording], count: Int) {
        guard filter.query != nil else {
            return try await read("listed") { try $0.listed(ids, filter, withSnippets: false) }
        }
        do throws(CatalogError) {
            // Looking through long texts holds up other searches at most, and ends with the caller.
            return try await search("listed") { try $0.listed(ids, filter, withSnippets: true) }
        } catch {
            guard error.code == .tooLong else { throw error }
            return try await read("listed") { try $0.listed(ids, filter, withSnippets: false) }
        }
    }

    /// Nil where there is none, or it is not the caller's to see.
    public func listed(
        _ id: RecordingID, in scope: AccessScope
    ) async throws(CatalogError) -> ListedRecording? {
        try await listed([id], RecordingFilter(scope: scope)).recordings.first
    }

    /// The ids of a recording's revisions, newest first; nil where the recording is not the caller's to see.
    /// - Parameter before: only those that are older.
    /// - Returns: one more than `limit`, where there is one.
    public func revisionIDs(
        of id: RecordingID, in scope: AccessScope, before: RevisionID? = nil, limit: Int
    ) async throws(CatalogError) -> [RevisionID]? {
        try await read("revisionIDs") { database in
            guard try database.recording(id, in: scope) != nil else { return nil }
            return try database.rows(
                PieceSQL.revisionIDs,
                [
                    "recording": id.rawValue, "before": before?.rawValue ?? .max,
                    "limit": max(limit, 1) + 1,
                ]
            ).map { RevisionID(rawValue: $0["id"]) }
        }
    }

    /// Nil where there is none, or it is not the caller's to see.
    public func listed(
        _ revision: RevisionID, of id: RecordingID, in scope: AccessScope
    ) async throws(CatalogError) -> ListedRevision? {
        try await read("listedRevision") { database in
            guard try database.recording(id, in: scope) != nil else { return nil }
            let row = try database.row(
                PieceSQL.revision,
                [
                    "recording": id.rawValue, "revision": revision.rawValue, "short_text": Self.shortText,
                ])
            return try row.map { ListedRevision(revision: try Revision($0), textSize: $0["text_size"]) }
        }
    }

    /// Bytes of a revision's text from an offset on, as UTF-8 has them; empty behind its end. A revision
    /// never changes, so that what is read piece by piece fits together; nil where it is no more.
    public func textPiece(
        of revision: RevisionID, of id: RecordingID, from offset: Int, upTo count: Int
    ) async throws(CatalogError) -> [UInt8]? {
        try await read("textPiece") { database in
            try database.row(
                PieceSQL.piece,
                [
                    "recording": id.rawValue, "revision": revision.rawValue, "first": offset + 1,
                    "count": count,
                ]
            ).map { Array($0["piece"] as Data) }
        }
    }

    /// Bytes of the text and the times of what is shown of a recording; nil where nothing is.
    public func sizeOfWords(of id: RecordingID) async throws(CatalogError) -> Int? {
        try await read("sizeOfWords") { try $0.row(PieceSQL.size, [id.rawValue])?["size"] }
    }
}

extension Database {
    fileprivate func listed(
        _ ids: some Collection<RecordingID>, _ filter: RecordingFilter, withSnippets: Bool
    ) throws -> (recordings: [ListedRecording], count: Int) {
        let search = withSnippets ? try selection(filter)?.search : nil
        var (found, count, size): ([ListedRecording], Int, Int) = ([], 0, 0)
        for id in ids where size < ListingStore.shortText {
            count += 1
            guard let recording = try listed(id, filter.scope, search) else { continue }
            size += search == nil ? recording.entry.text?.utf8.count ?? 0 : recording.textSize
            found.append(recording)
        }
        return (found, count)
    }

    fileprivate func listed(
        _ id: RecordingID, _ scope: AccessScope, _ search: TranscriptSearch?
    ) throws -> ListedRecording? {
        let statement = try cachedStatement(sql: LibrarySQL.entry)
        // The row holds no copy of what SQLite has read, and is good as long as its cursor stands on it.
        let rows = try Row.fetchCursor(statement, arguments: ["recording": id.rawValue, "user": scope.user])
        defer { withExtendedLifetime(rows) {} }
        return try rows.next().map { try ListedRecording($0, search) }
    }

    fileprivate func index(
        _ filter: RecordingFilter, before: RecordingID?, skip: Int, limit: Int, mostCounted: Int
    ) throws -> LibraryIndex {
        guard let selection = try selection(filter) else {
            return LibraryIndex(recordings: [], total: 0, isTotalExact: true, next: nil)
        }
        let total = try total(selection, upTo: mostCounted)
        let found = try ids(
            selection, total: total.count, before: before, skip: skip,
            limit: limit == .max ? limit : limit + 1)
        let page = Array(found.prefix(limit))
        return LibraryIndex(
            recordings: page, total: total.count, isTotalExact: total.isExact,
            next: page.count < found.count ? page.last : nil)
    }
}

extension ListedRecording {
    /// - Parameter search: of which a snippet is cut.
    fileprivate init(_ row: Row, _ search: TranscriptSearch?) throws {
        textSize = try row.withUnsafeData(named: "transcript_text") { $0?.count ?? 0 }
        let isShort = textSize <= ListingStore.shortText
        // A long text is copied only to be searched.
        entry = try LibraryEntry(row, withText: isShort || search != nil)
        entry.snippet = try search?.snippet(of: entry.text ?? "") ?? []
        if !isShort { entry.text = nil }
    }
}

enum PieceSQL {
    static let revisionIDs = """
        SELECT id FROM transcript_revisions WHERE audio_record_id = :recording AND id < :before
        ORDER BY id DESC LIMIT :limit
        """
    static let revision = """
        SELECT r.id, r.audio_record_id, r.author, (SELECT folder FROM users u WHERE u.id = r.author)
            AS author_folder, r.origin, '[]' AS segments, r.language, r.created_at,
            CASE WHEN length(CAST(r.text AS BLOB)) <= :short_text THEN r.text ELSE '' END AS text,
            length(CAST(r.text AS BLOB)) AS text_size
        FROM transcript_revisions r WHERE r.audio_record_id = :recording AND r.id = :revision
        """
    static let piece = """
        SELECT substr(CAST(text AS BLOB), :first, :count) AS piece FROM transcript_revisions
        WHERE audio_record_id = :recording AND id = :revision
        """
    static let size = """
        SELECT length(CAST(r.text AS BLOB)) + length(CAST(r.segments AS BLOB)) AS size
        FROM audio_records a JOIN transcript_revisions r ON r.id = a.revision_id WHERE a.id = ?
        """
}
