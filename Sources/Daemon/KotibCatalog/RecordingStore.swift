import FoundationEssentials
import GRDB
import KotibModel

/// The filter of a list or a search. All criteria that are set must hold.
public struct RecordingFilter: Hashable, Sendable {
    var scope: AccessScope
    /// Empty: every state but `rejected`, which older clients do not know.
    public var states: Set<RecordingState> = []
    /// Created at or after.
    public var from: Date?
    /// Created before.
    public var until: Date?
    /// Seconds.
    public var shortest: Double?
    /// Seconds.
    public var longest: Double?
    /// ISO 639-1.
    public var language: String?
    public var user: UserID?
    /// The query as typed: words that the transcript must all contain; "…" for a phrase; a final * for a
    /// prefix.
    public var query: String?

    public init(scope: AccessScope) {
        self.scope = scope
    }
}

/// An excerpt of a transcript around a match.
public struct SnippetPart: Hashable, Sendable {
    public var text: String
    public var isMatch: Bool

    init(text: String, isMatch: Bool) {
        self.text = text
        self.isMatch = isMatch
    }
}

/// A recording as in a list.
public struct LibraryEntry: Hashable, Sendable {
    public var recording: Recording
    /// The folder of its user; nil for a refused file outside of users' folders.
    public var userFolder: UserFolder?
    /// Nil before there is any.
    public var text: String?
    /// The one whose text that is; nil before there is any.
    public var revision: RevisionID?
    /// When its audio came into the archive; nil where it lies in the inbox, or nowhere.
    public var archived: Date?
    /// Empty unless something was searched.
    public var snippet: [SnippetPart] = []
}

public struct LibraryPage: Hashable, Sendable {
    /// Newest first: by falling id.
    public var entries: [LibraryEntry]
    /// The number of recordings with this filter, on all pages.
    public var total: Int
    /// False if a search found more than ``RecordingStore/maxCounted``: then `total` is that number.
    var isTotalExact = true
    /// The key of the next page. Nil after the last one.
    var next: RecordingID?

    static let empty = LibraryPage(entries: [], total: 0, next: nil)
}

/// Recordings, as lists and searches show them.
public struct RecordingStore: CatalogStore {
    let database: CatalogDatabase

    /// A search counts its matches up to here unless all are requested: a common word may be in a million
    /// recordings, and counting takes time in proportion.
    static let maxCounted = 10_000
    /// Bytes of transcripts on one page, beyond which it ends, whatever its limit.
    static let longestPage = 32 * 1024 * 1024

    /// One page. A page that begins at `before` is stable: recordings that are added meanwhile do not shift
    /// it.
    /// - Parameters:
    ///   - before: only recordings with a smaller id, the ``LibraryPage/next`` of the page before.
    ///   - skip: how many to leave out after that.
    ///   - countsAll: counts all matches of a search, however many there are.
    /// - Throws: ``CatalogError``: ``CatalogError/Code/tooLong``.
    public func list(
        _ filter: RecordingFilter, before: RecordingID? = nil, skip: Int = 0, limit: Int,
        countsAll: Bool = false
    ) async throws(CatalogError) -> LibraryPage {
        let maxCounted = countsAll ? Int.max - 1 : Self.maxCounted
        let page: @Sendable (Database) throws -> LibraryPage = { database in
            try database.page(
                filter, before: before, skip: max(skip, 0), limit: max(limit, 0), maxCounted: maxCounted)
        }
        // However many there are, these cost the same.
        return filter.isCounted && skip <= Self.maxCounted
            ? try await read("list", page) : try await search("list", page)
    }

    /// Nil if it does not exist, or the caller may not see it.
    public func entry(_ id: RecordingID, in scope: AccessScope) async throws(CatalogError) -> LibraryEntry? {
        try await read("entry") { try $0.entry(id, in: scope) }
    }
}

extension Database {
    fileprivate func page(
        _ filter: RecordingFilter, before: RecordingID?, skip: Int, limit: Int, maxCounted: Int
    ) throws -> LibraryPage {
        guard let selection = try selection(filter) else { return .empty }
        let total = try total(selection, upTo: maxCounted)
        // One more than is asked for shows whether there is a next page.
        let found = try ids(
            selection, total: total.count, before: before, skip: skip,
            limit: limit == .max ? limit : limit + 1)
        var page = LibraryPage(entries: [], total: total.count, isTotalExact: total.isExact, next: nil)
        // One cursor for all of them: GRDB looks up the columns of each anew.
        let ids = found.prefix(limit)
        let rows = try Row.fetchCursor(
            cachedStatement(sql: LibrarySQL.entries),
            arguments: [
                "ids": "[\(ids.map(\.description).joined(separator: ","))]", "user": filter.scope.user,
            ])
        var (last, size) = (ids.last, 0)
        while let row = try rows.next() {
            var entry = try LibraryEntry(row)
            entry.snippet = try selection.search?.snippet(of: entry.text ?? "") ?? []
            size += entry.text?.utf8.count ?? 0
            page.entries.append(entry)
            if size >= RecordingStore.longestPage {
                last = entry.recording.id
                break
            }
        }
        if last != found.last { page.next = last }
        return page
    }

    fileprivate func entry(_ id: RecordingID, in scope: AccessScope) throws -> LibraryEntry? {
        try row(LibrarySQL.entry, ["recording": id.rawValue, "user": scope.user]).map { try LibraryEntry($0) }
    }
}

extension AccessScope {
    /// As statements want it: NULL for everybody's.
    var user: Int64? {
        switch self {
        case .everyone: nil
        case .only(let user): user.rawValue
        }
    }
}

extension LibraryEntry {
    init(_ row: Row, withText: Bool = true) throws {
        recording = try Recording(row)
        userFolder = try (row["user_folder"] as Data?).map(UserFolder.init(blob:))
        text = withText ? row["transcript_text"] : nil
        revision = (row["revision_id"] as Int64?).map(RevisionID.init(rawValue:))
        archived = try row.dateIfAny("archived_at")
    }
}

extension RecordingStore {
    /// The recording that lies, or last lay, at `path`.
    public func current(_ path: InboxPath) async throws(CatalogError) -> Recording? {
        try await read("current") { try $0.currentRecording(path) }
    }

    /// One recording in a caller's scope. Nil if it does not exist, is not the caller's, or is being deleted.
    public func find(
        _ id: RecordingID, in scope: AccessScope
    ) async throws(CatalogError) -> Recording? {
        try await read("recording") { try $0.recording(id, in: scope) }
    }

    public func find(_ id: RecordingID) async throws(CatalogError) -> Recording? {
        try await read("recording") { try $0.recording(id) }
    }

    /// The words of a recording that are shown; nil before there are any.
    public func transcript(of id: RecordingID) async throws(CatalogError) -> Transcript? {
        try await read("transcript") { database in
            guard let row = try database.row(Self.shownTranscript, [id.rawValue]) else { return nil }
            let segments: String = row["segments"]
            return Transcript(
                text: row["text"], segments: try [TranscriptSegment](json: segments),
                language: row["language"],
                engine: row["engine"] ?? "", model: row["model"] ?? "")
        }
    }

    /// How many current recordings are in each state; those whose audio is gone included.
    public func counts() async throws(CatalogError) -> [RecordingState: Int] {
        try await read("counts") { database in
            let pairs = try database.rows(Self.countByState, []).map { row in
                (try row.value("transcription_status") as RecordingState, row["count"] as Int)
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
    }

    static let shownTranscript = """
        SELECT r.text, r.segments, r.language, a.engine, a.model
        FROM audio_records a JOIN transcript_revisions r ON r.id = a.revision_id WHERE a.id = ?
        """
    static let countByState = """
        SELECT transcription_status, count(*) AS count FROM audio_records WHERE is_current = 1
        GROUP BY transcription_status
        """
}

extension Database {
    func user(inFolder folder: UserFolder, now: Date) throws -> UserID {
        if let id = try userIfKnown(folder) { return id }
        try run(
            "INSERT INTO users (folder, created_at) VALUES (:folder, :now)",
            ["folder": folder.blob, "now": Timestamp.text(now)])
        return UserID(rawValue: lastInsertedRowID)
    }

    func userIfKnown(_ folder: UserFolder) throws -> UserID? {
        let row = try row("SELECT id FROM users WHERE folder = ?", [folder.blob])
        return row.map { UserID(rawValue: $0["id"]) }
    }
}

extension RecordingStore {
    /// How many transcribed recordings have warnings.
    public func doubtful(in scope: AccessScope) async throws(CatalogError) -> Int {
        try await read("doubtful") { database in
            let row =
                if let user = scope.user { try database.row(WarningSQL.count, [user]) } else {
                    try database.row(WarningSQL.countAll, [])
                }
            return row?["count"] ?? 0
        }
    }
}

extension Database {
    /// Removes the warning that there are no words once a person has written some.
    func settleWarnings(of id: RecordingID) throws {
        guard let row = try row(WarningSQL.ofWords, [id.rawValue]),
            let text: String = row["transcript_text"], text.contains(where: { !$0.isWhitespace })
        else { return }
        let warnings = [RecordingWarning](json: row["transcription_warnings"])
        let left = warnings.filter { !$0.code.explainsMissingWords }
        if left != warnings {
            try run(WarningSQL.set, ["recording": id.rawValue, "warnings": try left.json])
        }
    }
}

enum WarningSQL {
    static let isDoubtful = """
        (inspection_warnings IS NOT NULL OR transcription_warnings IS NOT NULL)
        AND transcription_status = 'completed' AND is_current = 1
        """
    static let countAll = """
        SELECT count(*) AS count FROM audio_records a INDEXED BY audio_records_doubtful
        WHERE \(isDoubtful) AND \(DeletionSQL.isVisible)
        """
    static let count = "\(countAll) AND user_id = ?"
    static let ofWords = """
        SELECT transcription_warnings, transcript_text FROM audio_records
        WHERE id = ? AND transcription_warnings IS NOT NULL
        """
    static let set = "UPDATE audio_records SET transcription_warnings = :warnings WHERE id = :recording"
}
