import GRDB
import KotibModel

extension Catalog {
    /// Forgets a refused file that is none any more and has no row of its own. Its notes are removed first.
    /// - Returns: false where a note is still registered, or it is not refused: nothing was changed.
    public func forgetRefused(_ id: RecordingID) async throws(CatalogError) -> Bool {
        try await write("forgetRefused") { database in
            try database.run(Self.forgetRefusedSQL, [id.rawValue])
            return database.changesCount == 1
        }
    }

    /// Files that hold less than they promise and may be waited for, in the order of their ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func incomplete(
        after last: RecordingID?, limit: Int
    ) async throws(CatalogError) -> [PresentRecording] {
        try await read("incomplete") { database in
            try database.rows(Self.incompleteSQL, [last?.rawValue ?? 0, limit]).map { row in
                PresentRecording(
                    id: RecordingID(rawValue: row["id"]), path: try InboxPath(row),
                    identity: FileIdentity(row))
            }
        }
    }

    /// In the index `audio_records_incomplete`, whose condition stands here word for word.
    static let incompleteSQL = """
        SELECT id, path, device, inode, file_size, modified_ns, changed_ns FROM audio_records a
        WHERE error_code = '\(Rejection.incomplete.code)' AND is_current = 1 AND audio_state = 'present' AND id > ?
            AND \(DeletionSQL.isVisible)
        ORDER BY id LIMIT ?
        """
    static let forgetRefusedSQL = """
        DELETE FROM audio_records
        WHERE id = ?1 AND transcription_status = 'rejected'
            AND NOT EXISTS (SELECT 1 FROM sidecars WHERE audio_record_id = ?1)
        """
}
