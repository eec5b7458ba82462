import FoundationEssentials
import GRDB
import KotibModel

public enum DueTexts: Hashable, Sendable {
    case due
    /// It has no words yet, or another recording has its place.
    case nothing
    case notFound
}

extension Catalog {
    /// The recordings, but those that are being deleted, beside which something must still be written, in the order of their ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func dueSidecars(after last: RecordingID?, limit: Int) async throws(CatalogError) -> [Recording] {
        try await read("dueSidecars") { database in
            try database.rows(Self.duePage, [last?.rawValue ?? 0, limit]).map(Recording.init)
        }
    }

    /// Notes that the daemon wrote `sidecar`, which from now on is its own to replace or remove.
    /// - Parameter due: what was due when the writing began; what became due since then stays so.
    public func sidecarWritten(
        _ sidecar: Sidecar, due: SidecarDue?, now: Date = Date()
    ) async throws(CatalogError) {
        try await write("sidecarWritten") { database in
            try database.register(sidecar, now)
            if let due { try database.run(Self.settle, [sidecar.recording.rawValue, due.version]) }
        }
    }

    /// Gives up what was due, where it cannot be written: its folder is gone, say.
    public func sidecarWaived(_ id: RecordingID, due: SidecarDue) async throws(CatalogError) {
        try await write("sidecarWaived") { try $0.run(Self.settle, [id.rawValue, due.version]) }
    }

    /// Makes due what tells of a recording as it is now, as if nothing of it had been written.
    public func makeTextsDue(
        _ id: RecordingID, in scope: AccessScope
    ) async throws(CatalogError) -> DueTexts {
        try await write("makeTextsDue") { database in
            guard let recording = try database.recording(id, in: scope) else { return .notFound }
            guard recording.isCurrent else { return .nothing }
            try database.run(ArrivalSQL.makeDueAgain, [id.rawValue])
            return try database.recording(id)?.sidecarDue == nil ? .nothing : .due
        }
    }

    /// Forgets a sidecar: it was removed, or edited by a person and is theirs now.
    public func sidecarRemoved(_ path: InboxPath) async throws(CatalogError) {
        try await write("sidecarRemoved") { database in
            try database.run("DELETE FROM sidecars WHERE path = ?", [path.blob])
            try database.run(IntentSQL.withdraw, [path.blob])
        }
    }

    /// What the daemon wrote beside one recording.
    public func ownedSidecars(of id: RecordingID) async throws(CatalogError) -> [Sidecar] {
        try await read("ownedSidecars") { try $0.sidecars(of: id) }
    }

    /// The daemon's own file at `path`; nil where what lies there is a stranger's.
    public func owner(ofSidecar path: InboxPath) async throws(CatalogError) -> Sidecar? {
        try await read("ownerOfSidecar") { try $0.row(Self.sidecarAtPath, [path.blob]).map(Sidecar.init) }
    }

    /// For each, whether it is a transcript of the daemon's own that changed since it was written: perhaps a person
    /// edited it. Costs some 10 µs each.
    public func isTouchedTranscript(_ files: [(InboxPath, FileIdentity)]) async throws(CatalogError) -> [Bool]
    {
        try await read("isTouchedTranscript") { database in
            let statement = try database.cachedStatement(sql: Self.sidecarAtPath)
            return try files.map { path, identity in
                guard let row = try Row.fetchOne(statement, arguments: [path.blob]) else { return false }
                let sidecar = try Sidecar(row)
                return sidecar.kind == .transcript && !sidecar.isUntouched(identity)
            }
        }
    }

    static let duePage = """
        SELECT \(RecordingSQL.columns) FROM audio_records a
        WHERE sidecar_due IS NOT NULL AND id > ? AND \(DeletionSQL.isVisible) ORDER BY id LIMIT ?
        """
    static let sidecarAtPath = "SELECT * FROM sidecars WHERE path = ?"
    static let register = """
        INSERT INTO sidecars (audio_record_id, kind, path, device, inode, size, modified_ns, written_at,
            words_sha256)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (path) DO UPDATE SET audio_record_id = excluded.audio_record_id, kind = excluded.kind,
            device = excluded.device, inode = excluded.inode, size = excluded.size,
            modified_ns = excluded.modified_ns, written_at = excluded.written_at,
            words_sha256 = excluded.words_sha256
        """
    /// What becomes of `sidecar_due` where a recording's state or place changes: words that are still to be written
    /// stay true, and a note does not.
    static let wordsStayDue =
        "CASE WHEN sidecar_due IS NOT NULL AND revision_id IS NOT NULL THEN 'transcript' END"
    static let settle = "UPDATE audio_records SET sidecar_due = NULL WHERE id = ? AND sidecar_version = ?"
}

extension Database {
    func register(_ sidecar: Sidecar, _ now: Date) throws {
        try run(
            Catalog.register,
            [
                sidecar.recording.rawValue, sidecar.kind.rawValue, sidecar.path.blob,
                Int64(bitPattern: sidecar.device), Int64(bitPattern: sidecar.inode), sidecar.size,
                sidecar.modified, Timestamp.text(now), sidecar.words.map { Data($0) },
            ])
        try run(IntentSQL.withdraw, [sidecar.path.blob])
    }
}
