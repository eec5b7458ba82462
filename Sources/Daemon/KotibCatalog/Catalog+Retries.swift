import FoundationEssentials
import GRDB
import KotibModel

/// What asking for another transcription did.
public enum Retry: Hashable, Sendable {
    /// It waits for its turn, with all its attempts before it. `notes` are to be removed.
    case queued(notes: [Sidecar])
    /// It waits or runs already, was refused, or there is no audio or it is on its way into the archive.
    case notNow(Recording)
    /// No such recording, or not the caller's.
    case notFound
}

extension Catalog {
    /// Puts what failed or was completed back into the queue. Its words stay until there are new ones.
    public func retry(
        _ id: RecordingID, in scope: AccessScope, now: Date = Date()
    ) async throws(CatalogError) -> Retry {
        try await write("retry") { database in
            guard let recording = try database.recording(id, in: scope) else { return .notFound }
            guard [.failed, .completed].contains(recording.state), recording.audio == .present,
                try !database.isBeingArchived(id)
            else {
                return .notNow(recording)
            }
            let notes = try database.notesToRemove(of: id)
            try database.run(Self.retrySQL, [Timestamp.text(now), id.rawValue])
            return .queued(notes: notes)
        }
    }

    /// A transcript that is still to be written stays due: it is true until there is another.
    static let retrySQL = """
        UPDATE audio_records SET transcription_status = 'pending', attempts = 0, interruptions = 0,
            due_at = NULL, error_code = NULL, error_message = NULL, updated_at = ?,
            sidecar_due = \(wordsStayDue)
        WHERE id = ?
        """
}
