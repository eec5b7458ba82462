import FoundationEssentials
import GRDB
import KotibModel

/// The recordings whose transcript may be reused for the same content.
public enum ReuseScope: String, Sendable, CaseIterable {
    case none
    /// Those of the same user's recordings.
    case own
    /// Also transcripts that the engine wrote for other users, but never a person's edits.
    case all
}

/// Reuse of transcripts of the same content.
public struct TranscriptReuse: CatalogStore {
    let database: CatalogDatabase

    /// Completes a job with the existing transcript of identical content, by SHA-256 and size, or, among the
    /// user's own recordings, by sound: of the same engine and model (by name and content), with the language
    /// setting of the job. The owner's corrections are copied as revisions. Another model's words are not
    /// reused, nor a person's edits of them. Doubtful content is never reused (``ContentDoubt``).
    ///
    /// A recording that has words is not completed this way: a request for another transcription is for the
    /// engine.
    /// - Parameters:
    ///   - engine: the name of the engine that would do the job.
    ///   - model: the model that it would use.
    ///   - language: ISO 639-1, accepts words that were asked for in it; nil accepts words whose language was
    ///     detected.
    /// - Returns: the recording that the words are of; nil if nothing was changed.
    public func complete(
        for id: RecordingID, of reuse: ReuseScope, engine: String, model: ModelIdentity, language: String?,
        now: Date = Date()
    ) async throws(CatalogError) -> RecordingID? {
        guard reuse != .none else { return nil }
        // Asked first, since a write costs a job that finds nothing its fsync.
        let isThere = try await read("reusableWords") { database in
            try database.reusableTranscript(for: id, reuse, engine, model, language) != nil
        }
        guard isThere else { return nil }
        return try await write("reuseWords") { database in
            guard let words = try database.reusableTranscript(for: id, reuse, engine, model, language) else {
                return nil
            }
            var shown = try database.copyRevision(words.engine, to: id)
            if let persons = words.persons { shown = try database.copyRevision(persons, to: id) }
            try database.run(
                ReuseSQL.complete,
                [
                    "recording": id.rawValue, "source": words.recording.rawValue, "revision": shown.rawValue,
                    "now": Timestamp.text(now),
                ])
            try database.settleWarnings(of: id)
            try database.makeDueBeside(.transcript, id)
            return words.recording
        }
    }
}

/// The revisions that a transcript can be reused from.
private struct ReusableTranscript {
    var recording: RecordingID
    /// The newest revision by the engine.
    var engine: RevisionID
    /// The owner's edit, where that is the current revision.
    var persons: RevisionID?
}

extension Database {
    fileprivate func reusableTranscript(
        for id: RecordingID, _ reuse: ReuseScope, _ engine: String, _ model: ModelIdentity,
        _ language: String?
    ) throws -> ReusableTranscript? {
        let arguments: StatementArguments = [
            "recording": id.rawValue, "engine": engine, "model": model.name,
            "model_hash": model.sha256.map { Data($0) }, "language": language,
        ]
        if let row = try row(ReuseSQL.own, arguments) ?? row(ReuseSQL.ownSound, arguments) {
            return ReusableTranscript(
                recording: RecordingID(rawValue: row["id"]),
                engine: RevisionID(rawValue: row["engine_revision"]),
                persons: (row["persons_revision"] as Int64?).map(RevisionID.init(rawValue:)))
        }
        guard reuse == .all, let row = try row(ReuseSQL.anybodys, arguments) else { return nil }
        return ReusableTranscript(
            recording: RecordingID(rawValue: row["id"]), engine: RevisionID(rawValue: row["engine_revision"]))
    }

    fileprivate func copyRevision(_ revision: RevisionID, to id: RecordingID) throws -> RevisionID {
        try run(ReuseSQL.copy, ["recording": id.rawValue, "revision": revision.rawValue])
        return RevisionID(rawValue: lastInsertedRowID)
    }
}

enum ReuseSQL {
    /// CROSS JOIN keeps the order of the loops (https://www.sqlite.org/optoverview.html#crossjoin): first the
    /// job's own row, then what is completed of its content, however many copies wait. Where only a beginning
    /// was transcribed, the words are not those of the content.
    private static func candidates(_ content: String) -> String {
        """
        SELECT s.id AS id,
            (SELECT max(r.id) FROM transcript_revisions r WHERE r.audio_record_id = s.id AND r.origin = 'engine'
                    AND r.earlier_record IS NULL)
                AS engine_revision,
            (SELECT r.id FROM transcript_revisions r WHERE r.id = s.revision_id AND r.origin <> 'engine')
                AS persons_revision
        FROM audio_records a CROSS JOIN audio_records s \(content)
        WHERE a.id = :recording AND a.transcription_status = 'processing' AND a.is_current = 1
            AND a.revision_id IS NULL
            AND s.transcription_status = 'completed' AND s.engine = :engine AND s.model = :model
            AND s.model_sha256 IS :model_hash AND s.shown_until IS NULL
            AND s.language_given = (:language IS NOT NULL) AND (:language IS NULL OR s.language = :language)
            AND engine_revision IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.audio_record_id = s.id)
        """
    }
    private static let sameFile = """
        INDEXED BY audio_records_completed_content ON s.sha256 = a.sha256 AND s.file_size = a.file_size
        """
    /// Within one user's recordings: a forged packet hash deceives only the person who forged it.
    private static let sameSound = """
        INDEXED BY audio_records_completed_sound
            ON s.user_id = a.user_id AND s.sound_sha256 = a.sound_sha256 AND s.sound_size = a.sound_size
        """
    /// The newest words are the likeliest to be the corrected ones.
    static let own =
        "\(candidates(sameFile)) AND s.doubt < 2 AND s.user_id = a.user_id ORDER BY s.id DESC LIMIT 1"
    static let ownSound = "\(candidates(sameSound)) AND s.doubt < 2 ORDER BY s.id DESC LIMIT 1"
    static let anybodys = "\(candidates(sameFile)) AND s.doubt = 0 LIMIT 1"
    static let copy = """
        INSERT INTO transcript_revisions (audio_record_id, author, origin, text, segments, language, created_at)
        SELECT :recording, author, origin, text, segments, language, created_at
        FROM transcript_revisions WHERE id = :revision
        """
    static let complete = """
        UPDATE audio_records SET transcription_status = 'completed', completed_at = :now, updated_at = :now,
            revision_id = :revision,
            transcript_text = (SELECT r.text FROM transcript_revisions r WHERE r.id = :revision),
            (language, language_given, engine, model, model_sha256, speech_seconds, transcription_warnings) =
                (SELECT s.language, s.language_given, s.engine, s.model, s.model_sha256, s.speech_seconds,
                    s.transcription_warnings FROM audio_records s WHERE s.id = :source),
            engine_seconds = 0, charged_ms = 0, error_code = NULL, error_message = NULL
        WHERE id = :recording
        """
}
