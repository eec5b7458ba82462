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

    static let forgetRefusedSQL = """
        DELETE FROM audio_records
        WHERE id = ?1 AND transcription_status = 'rejected'
            AND NOT EXISTS (SELECT 1 FROM sidecars WHERE audio_record_id = ?1)
        """
}
