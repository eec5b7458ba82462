import FoundationEssentials
import GRDB
import KotibModel

/// The ids of a page of a list. The fields of each are read while the page is written.
public struct LibraryIndex: Hashable, Sendable {
    /// Newest first.
    public var recordings: [RecordingID]
    /// The number of recordings with this filter, on all pages.
    public var total: Int
    /// False if a search found more than ``ListingStore/maxCounted``: then `total` is that number.
    public var isTotalExact: Bool
    /// The key of the next page. Nil after the last one.
    public var next: RecordingID?
}

/// A recording as a list shows it, but for a long text.
public struct ListedRecording: Hashable, Sendable {
    public var entry: LibraryEntry
    /// The size of the text in bytes; `entry` has it only up to ``ListingStore/shortText``.
    public var textSize: Int

    /// The revision whose text is to be read piece by piece; nil where `entry` has the text, or there is
    /// none.
    public var longText: RevisionID? { entry.text == nil && textSize > 0 ? entry.revision : nil }
}

/// A revision, but for a long text.
public struct ListedRevision: Hashable, Sendable {
    /// Without its times; `text` is empty if it has more than ``ListingStore/shortText`` bytes.
    public var revision: Revision
    /// Bytes.
    public var textSize: Int

    public var hasLongText: Bool { revision.text.isEmpty && textSize > 0 }
}

/// Lists that are written while they are read: only some chunks are in memory, however long the texts and
/// however slow the reader.
public struct ListingStore: CatalogStore {
    let database: CatalogDatabase

    /// Bytes. Few texts are longer: some ten minutes of speech have as many.
    public static let shortText = 16_384
    /// Bytes of a page's texts, beyond which it ends, whatever its limit.
    public static let longestList = 32 << 20
    /// Bytes of text after which a page of revisions ends, however few it has: people save often, and long
    /// texts.
    public static let longestRevisionList = 8 << 20
    /// A search counts its matches up to here unless all are requested: a common word may be in a million
    /// recordings, and counting takes time in proportion.
    static let maxCounted = 10_000

    /// One page. A page that begins at `before` is stable: recordings that are added meanwhile do not shift
    /// it.
    /// - Parameters:
    ///   - before: only recordings with a smaller id, the ``LibraryIndex/next`` of the page before.
    ///   - skip: how many to leave out after that.
    ///   - countsAll: counts all matches of a search, however many there are.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/tooLong``.
    public func index(
        _ filter: RecordingFilter, before: RecordingID? = nil, skip: Int = 0, limit: Int,
        countsAll: Bool = false
    ) async throws(CatalogError) -> LibraryIndex {
        let maxCounted = countsAll ? Int.max - 1 : Self.maxCounted
        let index: @Sendable (Database) throws -> LibraryIndex = { database in
            try database.index(
                filter, before: before, skip: max(skip, 0), limit: max(limit, 0), maxCounted: maxCounted)
        }
        // However many there are, these cost the same.
        return filter.isCounted && skip <= Self.maxCounted
            ? try await read("index", index) : try await search("index", index)
    }

    /// The first of these recordings, as many as have ``shortText`` bytes of text together, and at least one.
    /// Deleted ones are left out.
    /// - Parameter filter: the scope, and the search query.
    /// - Returns: `count`: how many of `ids` were handled.
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

    /// Nil if it does not exist, or the caller may not see it.
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

    /// Nil if it does not exist, or the caller may not see it.
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

    /// Bytes of a revision's text from an offset on, in UTF-8; empty behind its end. A revision never
    /// changes, so that its chunks fit together; nil if it was deleted.
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

    /// Bytes of the current words and times of a recording; nil if it has none.
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
        _ filter: RecordingFilter, before: RecordingID?, skip: Int, limit: Int, maxCounted: Int
    ) throws -> LibraryIndex {
        guard let selection = try selection(filter) else {
            return LibraryIndex(recordings: [], total: 0, isTotalExact: true, next: nil)
        }
        let total = try total(selection, upTo: maxCounted)
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
