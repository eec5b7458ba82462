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

/// Recordings, one by one and counted. ``ListingStore`` lists and searches them.
public struct RecordingStore: CatalogStore {
    let database: CatalogDatabase

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
