import FoundationEssentials
import GRDB
import KotibModel

/// A change that is about to be made to a file beside a recording.
public struct SidecarIntent: Hashable, Sendable {
    public var recording: RecordingID
    public var kind: SidecarKind
    public var path: InboxPath
    /// SHA-256 of what is to stand there; nil where what the daemon wrote there is to go.
    public var content: [UInt8]?
    /// As ``Sidecar/words``.
    public var words: [UInt8]?

    public init(
        recording: RecordingID, kind: SidecarKind, path: InboxPath, content: [UInt8]?, words: [UInt8]?
    ) {
        self.recording = recording
        self.kind = kind
        self.path = path
        self.content = content
        self.words = words
    }
}

extension Catalog {
    /// Notes what is to be done at a path; ``sidecarWritten(_:due:now:)`` and ``sidecarRemoved(_:)`` end it.
    public func intend(_ intent: SidecarIntent) async throws(CatalogError) {
        try await write("intend") { try $0.intend(intent) }
    }

    /// Nothing came of it.
    public func withdrawIntent(at path: InboxPath) async throws(CatalogError) {
        try await write("withdrawIntent") { try $0.run(IntentSQL.withdraw, [path.blob]) }
    }

    public func intent(at path: InboxPath) async throws(CatalogError) -> SidecarIntent? {
        try await read("intent") { try $0.row(IntentSQL.atPath, [path.blob]).map(SidecarIntent.init) }
    }

    public func intents(of id: RecordingID) async throws(CatalogError) -> [SidecarIntent] {
        try await read("intents") {
            try $0.rows(IntentSQL.ofRecording, [id.rawValue]).map(SidecarIntent.init)
        }
    }

    /// The open intents, in the order of the paths' bytes, a page at a time.
    /// - Parameter last: the last path of the page before; nil for the first.
    public func intents(after last: InboxPath?, limit: Int) async throws(CatalogError) -> [SidecarIntent] {
        try await read("intentPage") { database in
            try database.rows(IntentSQL.page, [last?.blob ?? Data(), limit]).map(SidecarIntent.init)
        }
    }
}

extension Database {
    func intend(_ intent: SidecarIntent) throws {
        try run(
            IntentSQL.add,
            [
                intent.path.blob, intent.recording.rawValue, intent.kind.rawValue,
                intent.content.map { Data($0) }, intent.words.map { Data($0) },
            ])
    }

    /// Those that tell of a refusal or failure that is over: from the commit on they are to be removed, now or after
    /// the next start.
    func notesToRemove(of id: RecordingID) throws -> [Sidecar] {
        let notes = try sidecars(of: id).filter(\.kind.isNote)
        for note in notes {
            try intend(
                SidecarIntent(recording: id, kind: note.kind, path: note.path, content: nil, words: nil))
        }
        return notes
    }
}

extension SidecarIntent {
    fileprivate init(_ row: Row) throws {
        self.init(
            recording: RecordingID(rawValue: row["audio_record_id"]), kind: try row.value("kind"),
            path: try InboxPath(row), content: (row["content_sha256"] as Data?).map(Array.init),
            words: (row["words_sha256"] as Data?).map(Array.init))
    }
}

enum IntentSQL {
    static let add = """
        INSERT INTO sidecar_intents (path, audio_record_id, kind, content_sha256, words_sha256)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (path) DO UPDATE SET audio_record_id = excluded.audio_record_id, kind = excluded.kind,
            content_sha256 = excluded.content_sha256, words_sha256 = excluded.words_sha256
        """
    static let withdraw = "DELETE FROM sidecar_intents WHERE path = ?"
    static let atPath = "SELECT * FROM sidecar_intents WHERE path = ?"
    static let ofRecording = "SELECT * FROM sidecar_intents WHERE audio_record_id = ?"
    static let page = "SELECT * FROM sidecar_intents WHERE path > ? ORDER BY path LIMIT ?"
    /// A condition on a recording's id: a file of it may stand somewhere without being registered.
    static func isWriting(_ id: String) -> String {
        "EXISTS (SELECT 1 FROM sidecar_intents WHERE audio_record_id = \(id) AND content_sha256 IS NOT NULL)"
    }
}
