import FoundationEssentials
import GRDB
import KotibModel

/// A recording whose deletion is decided. It is invisible, but its files may still exist.
public struct Deletion: Hashable, Sendable {
    public var recording: Recording
    /// The first-level folder of its user, outside which nothing of it may be removed. Nil for a refused file
    /// that lies in nobody's folder.
    public var folder: UserFolder?
    /// When it was decided.
    var requested: Date
}

/// Recordings whose deletion is decided, until their files are gone.
public struct DeletionStore: CatalogStore {
    let database: CatalogDatabase

    /// Decides the deletion of a recording: from the commit on it is invisible to everybody except the
    /// removal of its files.
    /// - Returns: nil if it does not exist, is not the caller's, or its deletion is decided already.
    public func decide(
        of id: RecordingID, in scope: AccessScope, now: Date = Date()
    ) async throws(CatalogError) -> Deletion? {
        try await write("decideDeletion") { database in
            guard try database.recording(id, in: scope) != nil else { return nil }
            try database.run(DeletionSQL.decide, ["recording": id.rawValue, "now": Timestamp.text(now)])
            return try database.row(DeletionSQL.byID, [id.rawValue]).map(Deletion.init)
        }
    }

    /// A pending deletion. Nil if there is none, or it is not the caller's.
    public func find(of id: RecordingID, in scope: AccessScope) async throws(CatalogError) -> Deletion? {
        try await read("deletion") { database in
            let deletion = try database.row(DeletionSQL.byID, [id.rawValue]).map(Deletion.init)
            guard let user = scope.user else { return deletion }
            return deletion?.recording.user?.rawValue == user ? deletion : nil
        }
    }

    /// The pending deletion that this file belongs to: a file of the same size at the recording's path, whose
    /// content is to be compared, or the very file at another path after its folder was renamed. A device may
    /// have another number after each mount, and another disk other inodes.
    public func awaiting(
        of path: InboxPath, _ identity: FileIdentity
    ) async throws(CatalogError) -> Deletion? {
        try await read("awaitedDeletion") { database in
            let size: StatementArguments = ["path": path.blob, "file_size": identity.size]
            if let row = try database.row(DeletionSQL.atPath, size) { return try Deletion(row) }
            guard let user = try database.userIfKnown(path.user)?.rawValue else { return nil }
            return try database.row(DeletionSQL.elsewhere, identity.arguments + ["user": user])
                .map(Deletion.init)
        }
    }

    /// Whether a recording older than `id` lies below `folder` (nil for the inbox) on that device. Then all
    /// recordings there lie on that device, whatever its earlier number.
    public func hasOlder(
        than id: RecordingID, below folder: InboxPath?, on device: UInt64
    ) async throws(CatalogError) -> Bool {
        let bounds = folder?.boundsOfContent ?? (Data(), Data([0xFF]))
        return try await read("hasOlder") { database in
            try database.row(
                DeletionSQL.older,
                [
                    "from": bounds.0, "until": bounds.1, "device": Int64(bitPattern: device),
                    "recording": id.rawValue,
                ]) != nil
        }
    }

    /// Withdraws the decision if nothing has been removed yet.
    public func withdraw(of id: RecordingID) async throws(CatalogError) {
        try await write("withdrawDeletion") { try $0.run(DeletionSQL.withdraw, [id.rawValue]) }
    }

    /// Pending deletions in the order of the recordings' ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func page(after last: RecordingID?, limit: Int) async throws(CatalogError) -> [Deletion] {
        try await read("deletions") { database in
            try database.rows(DeletionSQL.page, ["last": last?.rawValue ?? 0, "limit": limit])
                .map(Deletion.init)
        }
    }

    /// Deletes the row of a recording whose files are gone, with its revisions and the decision.
    /// - Returns: false if a sidecar was written meanwhile or the decision was withdrawn: nothing was
    ///   changed.
    public func finish(of id: RecordingID) async throws(CatalogError) -> Bool {
        try await write("finishDeletion") { database in
            try database.run(DeletionSQL.finish, ["recording": id.rawValue])
            return try database.recording(id) == nil
        }
    }
}

extension Database {
    func recording(_ id: RecordingID, in scope: AccessScope) throws -> Recording? {
        try row(DeletionSQL.visible, ["recording": id.rawValue, "user": scope.user]).map(Recording.init)
    }

    func isBeingDeleted(_ id: RecordingID) throws -> Bool {
        try row(DeletionSQL.isDecided, [id.rawValue]) != nil
    }
}

extension Deletion {
    fileprivate init(_ row: Row) throws {
        recording = try Recording(row)
        folder = try (row["user_folder"] as Data?).map(UserFolder.init(blob:))
        requested = try row.date("requested_at")
    }
}

enum DeletionSQL {
    /// A condition on a row of `audio_records` under the name `a`, for every statement that finds recordings
    /// by something else than their files.
    static let isVisible = "NOT EXISTS (SELECT 1 FROM deletions d WHERE d.audio_record_id = a.id)"

    static let visible = """
        SELECT \(RecordingSQL.columns) FROM audio_records a
        WHERE a.id = :recording AND (:user IS NULL OR a.user_id = :user) AND \(isVisible)
        """
    static let decide = "INSERT INTO deletions (audio_record_id, requested_at) VALUES (:recording, :now)"
    static let isDecided = "SELECT 1 FROM deletions WHERE audio_record_id = ?"
    static let withdraw = "DELETE FROM deletions WHERE audio_record_id = ?"

    private static let all = """
        SELECT \(RecordingSQL.columns), requested_at,
            (SELECT folder FROM users u WHERE u.id = a.user_id) AS user_folder
        FROM deletions CROSS JOIN audio_records a ON a.id = audio_record_id
        """
    private static let arrived = """
        SELECT \(RecordingSQL.columns), requested_at,
            (SELECT folder FROM users u WHERE u.id = a.user_id) AS user_folder
        FROM audio_records a
        """
    private static let isAwaited = "CROSS JOIN deletions ON audio_record_id = a.id WHERE"
    static let atPath = """
        \(arrived) \(isAwaited) path = :path AND is_current = 1 AND file_size = :file_size
        """
    static let elsewhere = """
        \(arrived) INDEXED BY audio_records_inode \(isAwaited) inode = :inode AND sha256 IS NOT NULL
            AND file_size = :file_size AND modified_ns = :modified_ns AND changed_ns = :changed_ns
            AND +user_id = :user LIMIT 1
        """
    static let older = """
        SELECT 1 FROM audio_records INDEXED BY audio_records_current_path
        WHERE path >= :from AND path < :until AND is_current = 1 AND audio_state = 'present'
            AND device = :device AND id < :recording LIMIT 1
        """
    static let byID = "\(all) WHERE audio_record_id = ?"
    static let page = "\(all) WHERE audio_record_id > :last ORDER BY audio_record_id LIMIT :limit"

    static let finish = """
        DELETE FROM audio_records
        WHERE id = :recording AND EXISTS (SELECT 1 FROM deletions WHERE audio_record_id = :recording)
            AND NOT EXISTS (SELECT 1 FROM sidecars WHERE audio_record_id = :recording)
            AND NOT \(IntentSQL.isWriting)
        """
}
