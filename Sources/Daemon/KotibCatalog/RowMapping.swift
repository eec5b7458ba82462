import FoundationEssentials
import GRDB
import KotibModel

/// How values become columns and back, and the statements that other extensions share.
extension Database {
    /// Prepared once for each connection, then run with `arguments`.
    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    func currentRecording(_ path: InboxPath) throws -> Recording? {
        try row(RecordingSQL.current, [path.blob]).map(Recording.init)
    }

    func recording(_ id: RecordingID) throws -> Recording? {
        try row(RecordingSQL.byID, [id.rawValue]).map(Recording.init)
    }

    func sidecars(of id: RecordingID) throws -> [Sidecar] {
        try rows(RecordingSQL.sidecars, [id.rawValue]).map(Sidecar.init)
    }
}

enum RecordingSQL {
    /// All that ``Recording`` needs; not the text.
    static let columns = """
        id, user_id, path, device, inode, file_size, modified_ns, changed_ns, sha256, media_type, container, \
        codec, duration, channels, sample_rate, transcription_status, audio_state, is_current, attempts, \
        interruptions, error_code, error_message, created_at, updated_at, completed_at, \
        language, engine, model, engine_seconds, speech_seconds, sidecar_due, sidecar_version, \
        inspection_warnings, transcription_warnings, sound_sha256, sound_size, is_patched
        """
    static let current = "SELECT \(columns) FROM audio_records WHERE path = ? AND is_current = 1"
    static let byID = "SELECT \(columns) FROM audio_records WHERE id = ?"
    static let sidecars = "SELECT * FROM sidecars WHERE audio_record_id = ? ORDER BY id"
}

/// A row that no version of the daemon wrote.
struct MalformedRow: Error, CustomStringConvertible {
    var column: String
    var description: String { "malformed \(column)" }
}

extension InboxPath {
    var blob: Data { Data(bytes) }

    init(_ row: Row) throws {
        let data: Data = row["path"]
        guard let path = InboxPath(Array(data)) else { throw MalformedRow(column: "path") }
        self = path
    }
}

extension UserFolder {
    var blob: Data { Data(bytes) }

    init(blob: Data) throws {
        guard let folder = UserFolder(Array(blob)) else { throw MalformedRow(column: "folder") }
        self = folder
    }
}

extension FileIdentity {
    /// Parameters by column name. SQLite's integers are signed: the bits are kept.
    var arguments: StatementArguments {
        [
            "device": Int64(bitPattern: device), "inode": Int64(bitPattern: inode), "file_size": size,
            "modified_ns": modified, "changed_ns": changed,
        ]
    }

    init(_ row: Row) {
        self.init(
            device: UInt64(bitPattern: row["device"]), inode: UInt64(bitPattern: row["inode"]),
            size: row["file_size"], modified: row["modified_ns"], changed: row["changed_ns"])
    }
}

extension AudioFacts {
    /// Parameters by column name.
    var arguments: StatementArguments {
        [
            "sha256": Data(sha256), "media_type": mediaType, "container": container, "codec": codec,
            "duration": duration, "channels": channels, "sample_rate": sampleRate,
            "inspection_warnings": try? warnings.json, "sound_sha256": sound.map { Data($0.sha256) },
            "sound_size": sound?.size, "is_patched": isPatched,
        ]
    }

    init?(_ row: Row) {
        guard let sha256: Data = row["sha256"] else { return nil }
        self.init(
            mediaType: row["media_type"] ?? "", container: row["container"] ?? "", codec: row["codec"] ?? "",
            duration: row["duration"] ?? 0, channels: row["channels"] ?? 0,
            sampleRate: row["sample_rate"] ?? 0,
            sha256: Array(sha256), sound: SoundIdentity(row),
            warnings: [RecordingWarning](json: row["inspection_warnings"]),
            isPatched: row["is_patched"] ?? false)
        self = repaired
    }
}

extension SoundIdentity {
    init?(_ row: Row, prefix: String = "") {
        guard let sha256: Data = row[prefix + "sound_sha256"], let size: Int64 = row[prefix + "sound_size"]
        else { return nil }
        self.init(sha256: Array(sha256), size: size)
    }
}

extension [TranscriptSegment] {
    /// As in the column.
    var json: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    init(json: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    }
}

extension [RecordingWarning] {
    /// As in the column; nil for none.
    var json: String? {
        get throws { isEmpty ? nil : String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    /// Warnings that a later version wrote and this one does not know are passed over.
    init(json: String?) {
        let known = json.flatMap { try? JSONDecoder().decode([Known].self, from: Data($0.utf8)) }
        self = known?.compactMap(\.warning) ?? []
    }

    private struct Known: Decodable {
        var warning: RecordingWarning?

        init(from decoder: any Decoder) throws { warning = try? RecordingWarning(from: decoder) }
    }
}

extension Recording {
    init(_ row: Row) throws {
        let id: Int64 = row["id"]
        let user: Int64? = row["user_id"]
        self.init(
            id: RecordingID(rawValue: id), user: user.map(UserID.init(rawValue:)), path: try InboxPath(row),
            identity: FileIdentity(row), facts: AudioFacts(row),
            state: try row.value("transcription_status"), audio: try row.value("audio_state"),
            isCurrent: row["is_current"], attempts: row["attempts"], interruptions: row["interruptions"],
            errorCode: row["error_code"], errorMessage: row["error_message"],
            created: try row.date("created_at"), updated: try row.date("updated_at"),
            completed: try row.dateIfAny("completed_at"),
            language: row["language"], engine: row["engine"], model: row["model"],
            engineSeconds: (row["engine_seconds"] as Double?).map(AudioFacts.bounded),
            speechSeconds: (row["speech_seconds"] as Double?).map(AudioFacts.bounded),
            transcriptionWarnings: [RecordingWarning](json: row["transcription_warnings"]),
            sidecarDue: (row["sidecar_due"] as String?).flatMap(SidecarKind.init)
                .map { SidecarDue(kind: $0, version: row["sidecar_version"]) })
    }
}

extension Sidecar {
    init(_ row: Row) throws {
        let id: Int64 = row["audio_record_id"]
        let identity = FileIdentity(
            device: UInt64(bitPattern: row["device"]), inode: UInt64(bitPattern: row["inode"]),
            size: row["size"], modified: row["modified_ns"], changed: 0)
        self.init(
            recording: RecordingID(rawValue: id), kind: try row.value("kind"), path: try InboxPath(row),
            identity: identity, words: (row["words_sha256"] as Data?).map(Array.init))
        isRemoved = row["is_removed"]
    }
}

extension Row {
    func value<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
        guard let value = Value(rawValue: self[column]) else { throw MalformedRow(column: column) }
        return value
    }

    func date(_ column: String) throws -> Date {
        guard let date = try dateIfAny(column) else { throw MalformedRow(column: column) }
        return date
    }

    func dateIfAny(_ column: String) throws -> Date? {
        guard let text: String = self[column] else { return nil }
        guard let date = Timestamp.date(text) else { throw MalformedRow(column: column) }
        return date
    }
}
