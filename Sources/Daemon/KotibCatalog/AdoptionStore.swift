import FoundationEssentials
import GRDB
import KotibModel

/// A text beside a recording that the catalog does not know.
public struct ExistingText: Sendable {
    public var path: InboxPath
    public var identity: FileIdentity
    public var text: String
    /// SHA-256, as in ``Sidecar/words``.
    var hash: [UInt8]

    public init(path: InboxPath, identity: FileIdentity, text: String, hash: [UInt8]) {
        self.path = path
        self.identity = identity
        self.text = text
        self.hash = hash
    }
}

/// Existing texts beside recordings that the catalog has lost.
public struct AdoptionStore: CatalogStore {
    let database: CatalogDatabase

    /// Seconds after a rebuild in which a text beside an unknown recording is adopted as its transcript: the
    /// scan at the start may take that long.
    static let adoptionTime: TimeInterval = 3600

    /// Lost rows are found again in the inbox, but not the end of a session. The log is begun anew, so that
    /// what is wrong in it is not found a second time. Blocks: for ``Catalog/open(_:backup:)``.
    func recoverFromLoss(now: Date) throws(CatalogError) {
        do {
            try database.writer.write {
                try $0.endSessions()
                try $0.execute(sql: "INSERT INTO rebuilds (at) VALUES (?)", arguments: [Timestamp.text(now)])
            }
            // Another process may be reading it.
            _ = try? database.writer.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch {
            throw CatalogError(error, operation: "recoverFromLoss", file: database.file)
        }
    }

    /// Whether the catalog was rebuilt and the inbox not yet scanned completely since then.
    public func adoptsTexts() async throws(CatalogError) -> Bool {
        try await read("adoptsTexts") { try $0.row("SELECT 1 FROM rebuilds LIMIT 1", []) != nil }
    }

    /// Recordings with words whose text is neither registered nor to be written: after a rebuild it may be
    /// beside them. In the order of their ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func withoutText(
        after last: RecordingID?, limit: Int
    ) async throws(CatalogError) -> [RecordingID] {
        try await read("recordingsWithoutText") { database in
            try database.rows(AdoptionSQL.withoutText, ["last": last?.rawValue ?? 0, "limit": limit])
                .map { RecordingID(rawValue: $0["id"]) }
        }
    }

    /// The inbox was looked through.
    public func end(now: Date = Date()) async throws(CatalogError) {
        try await write("endAdoption") { database in
            let old = Timestamp.text(now.addingTimeInterval(-Self.adoptionTime))
            try database.run("DELETE FROM rebuilds WHERE at < ?", [old])
        }
    }
}

extension Database {
    /// Whether a file unknown to the catalog existed before the rebuild: its minutes were counted when it
    /// arrived.
    func wasKnownBeforeRebuild(_ identity: FileIdentity) throws -> Bool {
        guard let text = try row(AdoptionSQL.latest, [])?["at"] as String? else { return false }
        let changed = Date(timeIntervalSince1970: Double(identity.changed) / 1e9)
        return Timestamp.text(changed) < text
    }

    /// Gives a recording that waits the words that stand beside it.
    func adopt(_ words: ExistingText, for id: RecordingID, _ now: Date) throws {
        let place: StatementArguments = ["recording": id.rawValue, "path": words.path.blob]
        guard try row(AdoptionSQL.mayAdopt, place) != nil else { return }
        let revision = try addRevision(id, .sidecar, words.text, times: "[]", nil, now)
        try run(
            AdoptionSQL.adopt,
            [
                "recording": id.rawValue, "revision": revision.rawValue, "text": words.text,
                "now": Timestamp.text(now),
            ])
        let sidecar = Sidecar(
            recording: id, kind: .transcript, path: words.path, identity: words.identity, words: words.hash)
        try register(sidecar, now)
    }
}

enum AdoptionSQL {
    static let latest = "SELECT max(at) AS at FROM rebuilds"
    /// No other recording has the text.
    static let mayAdopt = """
        SELECT 1 FROM audio_records WHERE id = :recording AND transcription_status = 'pending'
            AND revision_id IS NULL AND NOT EXISTS (SELECT 1 FROM sidecars WHERE path = :path)
        """
    static let withoutText = """
        SELECT id FROM audio_records a
        WHERE id > :last AND is_current = 1 AND audio_state = 'present' AND transcription_status = 'completed'
            AND sidecar_due IS NULL AND \(DeletionSQL.isVisible) AND NOT EXISTS (
                SELECT 1 FROM sidecars s WHERE s.audio_record_id = a.id AND s.kind = 'transcript')
        ORDER BY id LIMIT :limit
        """
    static let adopt = """
        UPDATE audio_records SET transcription_status = 'completed', completed_at = :now, updated_at = :now,
            revision_id = :revision, transcript_text = :text
        WHERE id = :recording
        """
}
