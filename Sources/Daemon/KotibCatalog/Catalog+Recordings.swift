import FoundationEssentials
import GRDB
import KotibModel

extension Catalog {
    /// The user whose inbox is the first-level folder of that name, enrolled when new.
    public func user(inFolder folder: [UInt8], now: Date = Date()) async throws(CatalogError) -> UserID {
        try await write("user") { try $0.user(inFolder: folder, now: now) }
    }

    /// Whether a first-level folder of that name is a user's inbox.
    public func isEnrolled(_ folder: [UInt8]) async throws(CatalogError) -> Bool {
        try await read("isEnrolled") { try $0.userIfKnown(folder) != nil }
    }

    /// The recording that lies, or last lay, at `path`.
    public func current(_ path: InboxPath) async throws(CatalogError) -> Recording? {
        try await read("current") { try $0.currentRecording(path) }
    }

    public func recording(_ id: RecordingID) async throws(CatalogError) -> Recording? {
        try await read("recording") { try $0.recording(id) }
    }

    /// The words of a recording that are shown; nil before there are any.
    public func transcript(of id: RecordingID) async throws(CatalogError) -> Transcript? {
        try await read("transcript") { database in
            guard let row = try database.row(Self.shownTranscript, [id.rawValue]) else { return nil }
            let segments: String = row["segments"]
            return Transcript(
                text: row["text"], segments: try Self.segments(segments), language: row["language"],
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

    static func json(_ segments: [TranscriptSegment]) throws -> String {
        String(decoding: try JSONEncoder().encode(segments), as: UTF8.self)
    }

    static func segments(_ json: String) throws -> [TranscriptSegment] {
        try JSONDecoder().decode([TranscriptSegment].self, from: Data(json.utf8))
    }
}

extension Database {
    func user(inFolder folder: [UInt8], now: Date) throws -> UserID {
        if let id = try userIfKnown(folder) { return id }
        try run("INSERT INTO users (folder, created_at) VALUES (?, ?)", [Data(folder), Timestamp.text(now)])
        return UserID(rawValue: lastInsertedRowID)
    }

    func userIfKnown(_ folder: [UInt8]) throws -> UserID? {
        let row = try row("SELECT id FROM users WHERE folder = ?", [Data(folder)])
        return row.map { UserID(rawValue: $0["id"]) }
    }
}
