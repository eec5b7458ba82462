import FoundationEssentials
import GRDB
import KotibModel

public enum DueTexts: Hashable, Sendable {
    case due
    /// It has no words yet, or another recording has its place.
    case nothing
    case notFound
}

/// The files that the daemon writes beside recordings: existing ones, due ones, and those that it is about to
/// change.
public struct SidecarRegistry: CatalogStore {
    let database: CatalogDatabase

    /// The recordings with sidecars that are still to be written, without those that are being deleted, in
    /// the order of their ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func due(after last: RecordingID?, limit: Int) async throws(CatalogError) -> [Recording] {
        try await read("dueSidecars") { database in
            try database.rows(Self.duePage, ["last": last?.rawValue ?? 0, "limit": limit])
                .map(Recording.init)
        }
    }

    /// Registers a file that the daemon wrote, and which it may replace or remove from now on.
    /// - Parameter due: the due version when the writing began; a later one stays due.
    public func written(
        _ sidecar: Sidecar, due: SidecarDue?, now: Date = Date()
    ) async throws(CatalogError) {
        try await write("sidecarWritten") { database in
            try database.register(sidecar, now)
            if let due {
                try database.run(
                    Self.settle, ["recording": sidecar.recording.rawValue, "version": due.version])
            }
        }
    }

    /// Gives up a sidecar that cannot be written, as when its folder is gone.
    public func waived(_ id: RecordingID, due: SidecarDue) async throws(CatalogError) {
        try await write("sidecarWaived") {
            try $0.run(Self.settle, ["recording": id.rawValue, "version": due.version])
        }
    }

    /// Makes the texts and notes of a recording's present state due, as if none had been written.
    public func makeDue(
        _ id: RecordingID, in scope: AccessScope
    ) async throws(CatalogError) -> DueTexts {
        try await write("makeTextsDue") { database in
            guard let recording = try database.recording(id, in: scope) else { return .notFound }
            guard recording.isCurrent else { return .nothing }
            try database.run(InspectedFileSQL.makeDueAgain, [id.rawValue])
            return try database.recording(id)?.sidecarDue == nil ? .nothing : .due
        }
    }

    /// Forgets a sidecar: it was removed, or edited by a person and is theirs now.
    public func removed(_ path: InboxPath) async throws(CatalogError) {
        try await write("sidecarRemoved") { database in
            try database.run("DELETE FROM sidecars WHERE path = ?", [path.blob])
            try database.run(IntentSQL.withdraw, [path.blob])
        }
    }

    /// Notes whether somebody removed a sidecar, and not with its folder. Its row stays for when it comes
    /// back.
    public func setRemoved(_ path: InboxPath, isRemoved: Bool) async throws(CatalogError) {
        try await write("sidecarVanished") { database in
            try database.run(
                "UPDATE sidecars SET is_removed = :removed WHERE path = :path",
                ["removed": isRemoved, "path": path.blob])
        }
    }

    /// The files that the daemon wrote beside one recording.
    public func owned(of id: RecordingID) async throws(CatalogError) -> [Sidecar] {
        try await read("ownedSidecars") { try $0.sidecars(of: id) }
    }

    /// The daemon's own file at `path`; nil if the file there is not its own.
    public func owner(ofSidecar path: InboxPath) async throws(CatalogError) -> Sidecar? {
        try await read("ownerOfSidecar") { try $0.row(Self.sidecarAtPath, [path.blob]).map(Sidecar.init) }
    }

    /// The transcripts in a user's folder that were registered with an inode.
    public func transcripts(
        of user: UserFolder, inode: UInt64
    ) async throws(CatalogError) -> [Sidecar] {
        let (from, until) = user.path.boundsOfContent
        return try await read("transcriptsOfInode") { database in
            try database.rows(
                Self.transcriptsOfInode,
                ["from": from, "until": until, "inode": Int64(bitPattern: inode)]
            ).map(Sidecar.init)
        }
    }

    /// Transcripts in a user's folder whose files had these words: 16 of them at most.
    public func transcripts(
        of user: UserFolder, words: [UInt8]
    ) async throws(CatalogError) -> [Sidecar] {
        let (from, until) = user.path.boundsOfContent
        return try await read("transcriptsOfWords") { database in
            try database.rows(
                Self.transcriptsOfWords, ["from": from, "until": until, "words": Data(words)]
            ).map(Sidecar.init)
        }
    }

    /// For each, whether it is a transcript of the daemon's own that changed since it was written, or is back
    /// after it was removed: perhaps a person edited it. Costs some 10 µs each.
    public func isTouchedTranscript(_ files: [(InboxPath, FileIdentity)]) async throws(CatalogError) -> [Bool]
    {
        try await read("isTouchedTranscript") { database in
            let statement = try database.cachedStatement(sql: Self.sidecarAtPath)
            return try files.map { path, identity in
                guard let row = try Row.fetchOne(statement, arguments: [path.blob]) else { return false }
                let sidecar = try Sidecar(row)
                return sidecar.kind == .transcript && (sidecar.isRemoved || !sidecar.isUntouched(identity))
            }
        }
    }

    static let duePage = """
        SELECT \(RecordingSQL.columns) FROM audio_records a
        WHERE sidecar_due IS NOT NULL AND id > :last AND \(DeletionSQL.isVisible) ORDER BY id LIMIT :limit
        """
    static let sidecarAtPath = "SELECT * FROM sidecars WHERE path = ?"
    static let transcriptsOfInode = """
        SELECT * FROM sidecars INDEXED BY sidecars_inode
        WHERE path >= :from AND path < :until AND kind = 'transcript' AND inode = :inode
        """
    static let transcriptsOfWords = """
        SELECT * FROM sidecars INDEXED BY sidecars_words
        WHERE path >= :from AND path < :until AND kind = 'transcript' AND words_sha256 = :words LIMIT 16
        """
    static let register = """
        INSERT INTO sidecars (audio_record_id, kind, path, device, inode, size, modified_ns, written_at,
            words_sha256)
        VALUES (:recording, :kind, :path, :device, :inode, :size, :modified_ns, :now,
            :words_sha256)
        ON CONFLICT (path) DO UPDATE SET audio_record_id = excluded.audio_record_id, kind = excluded.kind,
            device = excluded.device, inode = excluded.inode, size = excluded.size,
            modified_ns = excluded.modified_ns, written_at = excluded.written_at,
            words_sha256 = excluded.words_sha256, is_removed = 0
        """
    /// The value of `sidecar_due` after a recording's state or place has changed: a transcript that is due
    /// stay true, and a note does not.
    static let wordsStayDue =
        "CASE WHEN sidecar_due IS NOT NULL AND revision_id IS NOT NULL THEN 'transcript' END"
    static let settle = """
        UPDATE audio_records SET sidecar_due = NULL WHERE id = :recording AND sidecar_version = :version
        """
}

extension Database {
    func register(_ sidecar: Sidecar, _ now: Date) throws {
        try run(
            SidecarRegistry.register,
            [
                "recording": sidecar.recording.rawValue, "kind": sidecar.kind.rawValue,
                "path": sidecar.path.blob, "device": Int64(bitPattern: sidecar.device),
                "inode": Int64(bitPattern: sidecar.inode), "size": sidecar.size,
                "modified_ns": sidecar.modified, "now": Timestamp.text(now),
                "words_sha256": sidecar.words.map { Data($0) },
            ])
        try run(IntentSQL.withdraw, [sidecar.path.blob])
    }
}

/// A change to a file beside a recording, recorded before it is made.
public struct SidecarIntent: Hashable, Sendable {
    public var recording: RecordingID
    public var kind: SidecarKind
    public var path: InboxPath
    /// SHA-256 of the content to be written; nil if the daemon's file is to be removed.
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

extension SidecarRegistry {
    /// Records an intent for a path; ``written(_:due:now:)`` and ``removed(_:)`` end it.
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
            try database.rows(IntentSQL.page, ["last": last?.blob ?? Data(), "limit": limit])
                .map(SidecarIntent.init)
        }
    }
}

extension Database {
    func intend(_ intent: SidecarIntent) throws {
        try run(
            IntentSQL.add,
            [
                "path": intent.path.blob, "recording": intent.recording.rawValue,
                "kind": intent.kind.rawValue, "content_sha256": intent.content.map { Data($0) },
                "words_sha256": intent.words.map { Data($0) },
            ])
    }

    /// Those that tell of a refusal or failure that is over: from the commit on they are to be removed, now
    /// or after the next start.
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
        VALUES (:path, :recording, :kind, :content_sha256, :words_sha256)
        ON CONFLICT (path) DO UPDATE SET audio_record_id = excluded.audio_record_id, kind = excluded.kind,
            content_sha256 = excluded.content_sha256, words_sha256 = excluded.words_sha256
        """
    static let withdraw = "DELETE FROM sidecar_intents WHERE path = ?"
    static let atPath = "SELECT * FROM sidecar_intents WHERE path = ?"
    static let ofRecording = "SELECT * FROM sidecar_intents WHERE audio_record_id = ?"
    static let page = "SELECT * FROM sidecar_intents WHERE path > :last ORDER BY path LIMIT :limit"
    /// A condition on the recording `:recording`: a file of it may exist without being registered.
    static let isWriting = """
        EXISTS (SELECT 1 FROM sidecar_intents
            WHERE audio_record_id = :recording AND content_sha256 IS NOT NULL)
        """
}
