import FoundationEssentials
import GRDB
import KotibModel

/// Refused files, the latest of each user.
public struct RefusalStore: CatalogStore {
    let database: CatalogDatabase

    /// The number of refused files that are kept for one user, and for all files outside users' folders. Each
    /// costs a few kilobytes of the catalog, which no quota counts; further files get no notes.
    static let maxRefused = 10_000
    /// At once, so that nobody else's writes are held up.
    static let prunedAtOnce = 500
    /// Seconds for which a note that moved along with its folder is still Kotib's own.
    static let keptNotes: TimeInterval = 86_400

    /// Deletes the row of a file that is no longer refused. Its notes are removed first.
    /// - Returns: false if a note is still registered, or it is not refused: nothing was changed.
    public func forget(_ id: RecordingID) async throws(CatalogError) -> Bool {
        try await write("forgetRefused") { database in
            try database.run(Self.forgetRefusedSQL, ["recording": id.rawValue])
            return database.changesCount == 1
        }
    }

    /// Deletes the rows of refused files that are gone. Rows that hold somebody's words, of an earlier
    /// recording at the path, are kept.
    ///
    /// At most ``prunedAtOnce``: call again until none is left.
    /// - Returns: how many.
    public func prune(now: Date = Date()) async throws(CatalogError) -> Int {
        try await write("pruneRefused") { database in
            let old = Timestamp.text(now.addingTimeInterval(-Self.keptNotes))
            try database.run(RefusalSQL.prune, ["old": old, "limit": Self.prunedAtOnce])
            return database.changesCount
        }
    }

    /// Whether a refused file at `path` can be recorded. Its user may have too many already.
    public func mayRefuse(_ path: InboxPath) async throws(CatalogError) -> Bool {
        try await read("mayRefuse") { database in
            if try database.currentRecording(path) != nil { return true }
            let user = path.depth > 1 ? try database.userIfKnown(path.user) : nil
            let count: Int = try database.row(RefusalSQL.count, [user?.rawValue ?? 0])?["count"] ?? 0
            return count < Self.maxRefused
        }
    }

    /// Whether any user has as many refused files as are kept in mind.
    public func hasTooMany() async throws(CatalogError) -> Bool {
        try await read("hasTooManyRefused") { try $0.row(RefusalSQL.tooMany, [Self.maxRefused]) != nil }
    }

    /// Files that hold less than they promise and may be waited for, in the order of their ids, a page at a
    /// time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func incomplete(
        after last: RecordingID?, limit: Int
    ) async throws(CatalogError) -> [PresentRecording] {
        try await read("incomplete") { database in
            let page: StatementArguments = ["last": last?.rawValue ?? 0, "limit": limit]
            return try database.rows(Self.incompleteSQL, page).map { row in
                PresentRecording(
                    id: RecordingID(rawValue: row["id"]), path: try InboxPath(row),
                    identity: FileIdentity(row))
            }
        }
    }

    /// In the index `audio_records_incomplete`, whose condition stands here word for word.
    static let incompleteSQL = """
        SELECT id, path, device, inode, file_size, modified_ns, changed_ns FROM audio_records a
        WHERE error_code = '\(Rejection.incomplete.code)' AND is_current = 1 AND audio_state = 'present'
            AND id > :last AND \(DeletionSQL.isVisible)
        ORDER BY id LIMIT :limit
        """
    static let forgetRefusedSQL = """
        DELETE FROM audio_records
        WHERE id = :recording AND transcription_status = 'rejected'
            AND NOT EXISTS (SELECT 1 FROM sidecars WHERE audio_record_id = :recording)
        """
}

enum RefusalSQL {
    static let prune = """
        DELETE FROM audio_records WHERE id IN (
            SELECT a.id FROM audio_records a INDEXED BY audio_records_refused_and_gone
            WHERE a.transcription_status = 'rejected' AND a.audio_state <> 'present' AND a.revision_id IS NULL
                AND NOT EXISTS (SELECT 1 FROM transcript_revisions r WHERE r.audio_record_id = a.id)
                AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.audio_record_id = a.id)
                AND (a.updated_at < :old
                    OR NOT EXISTS (SELECT 1 FROM sidecars s WHERE s.audio_record_id = a.id)
                        AND NOT EXISTS (SELECT 1 FROM sidecar_intents i WHERE i.audio_record_id = a.id))
            LIMIT :limit)
        """
    static let count = """
        SELECT coalesce(sum(count), 0) AS count FROM recording_counts WHERE user_id = ? AND status = 'rejected'
        """
    static let tooMany = """
        SELECT 1 FROM recording_counts WHERE status = 'rejected' GROUP BY user_id HAVING sum(count) >= ? LIMIT 1
        """
}
