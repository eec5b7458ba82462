import Foundation

/// The columns of `audio_records` that tests read.
public struct RecordingRow: Decodable, Sendable {
    public var id: Int
    public var userId: Int?
    public var fileName: String
    public var originalFilename: String
    /// Below the inbox, such as `alisher/talk.wav`.
    public var filePath: String
    /// Bytes.
    public var fileSize: Int
    /// Seconds.
    public var duration: Double?
    public var transcriptText: String?
    public var transcriptionStatus: String
    public var attempts: Int
    public var createdAt: String
    public var updatedAt: String
}

extension DaemonFixture {
    /// The result of a query, run by SQLite's own program so that the daemon's code does not judge itself.
    public func rows<Row: Decodable>(_ sql: String, as type: Row.Type = Row.self) async throws -> [Row] {
        let output = try await Command.succeed(
            "sqlite3",
            ["-readonly", "-json", "-cmd", ".timeout 5000", stateFolder + "/kotib.sqlite", sql])
        guard !output.isEmpty else { return [] }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([Row].self, from: Data(output.utf8))
    }

    /// Every recording, including refused ones, the oldest first.
    public func recordings() async throws -> [RecordingRow] {
        try await rows(
            """
            SELECT id, user_id, file_name, original_filename, file_path, file_size, duration, transcript_text, \
            transcription_status, attempts, created_at, updated_at FROM audio_records ORDER BY id
            """)
    }

    /// All rows that the catalog ever had for a file.
    public func recordings(of path: String) async throws -> [RecordingRow] {
        try await recordings().filter { $0.filePath == path }
    }

    /// Waits until a file's newest row is in this state.
    @discardableResult
    public func awaitRow(
        of path: String, _ status: String, within limit: Duration = .seconds(60)
    ) async throws -> RecordingRow {
        try await eventually("the catalog has \(path) as \(status)", within: limit) {
            let row = try await recordings(of: path).last
            return row?.transcriptionStatus == status ? row : nil
        }
    }
}
