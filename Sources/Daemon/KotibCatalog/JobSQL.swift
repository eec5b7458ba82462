import KotibModel

/// The statements of ``JobStore``.
enum JobSQL {
    private static let isDelayed = "transcription_status = 'pending' AND audio_state = 'present'"
    /// Without statistics SQLite would take an index that begins with the state, and read all that waits.
    private static let delayed = "audio_records INDEXED BY audio_records_delayed"
    /// Two steps down the index: one statement with OR would look at every row that waits.
    private static let due = """
        SELECT id FROM \(delayed) WHERE \(isDelayed) AND due_at <= :now
        UNION ALL SELECT id FROM \(delayed) WHERE \(isDelayed) AND due_at > :latest
        """
    static let hasDue = "\(due) LIMIT 1"
    static let promote = "UPDATE audio_records SET due_at = NULL WHERE id IN (\(due) LIMIT 1024)"
    static let nextDue = """
        SELECT due_at FROM \(delayed) WHERE \(isDelayed) AND due_at IS NOT NULL ORDER BY due_at LIMIT 1
        """

    /// CROSS JOIN keeps the order of the loops (https://www.sqlite.org/optoverview.html#crossjoin): the first
    /// waiting user by turn, then that user's oldest; two steps down two indexes. `:engine` is the one that
    /// the user must have chosen, or NULL; `:others` those that the user must not have, as `,local,`.
    static let next = """
        SELECT a.id AS id, u.id AS user_id FROM users u INDEXED BY users_waiting
        CROSS JOIN audio_records a INDEXED BY audio_records_ready ON a.user_id = u.id
        WHERE u.waiting > 0
            AND a.transcription_status = 'pending' AND a.audio_state = 'present' AND a.due_at IS NULL
            AND (:engine IS NULL OR u.engine = :engine)
            AND (u.engine IS NULL OR instr(:others, ',' || u.engine || ',') = 0)
            AND \(DeletionSQL.isVisible)
        ORDER BY u.last_turn, u.id, a.id LIMIT 1
        """
    static let takeTurn = "UPDATE users SET last_turn = (SELECT max(last_turn) FROM users) + 1 WHERE id = ?"
    /// The engine may hear it from now on, and nothing that is charged for it is given back, however the
    /// attempt ends.
    static let start = """
        UPDATE audio_records SET transcription_status = 'processing', attempts = attempts + 1,
            started_at = :now, updated_at = :now, charged_ms = 0
        WHERE id = :recording
        """
    private static let isUnderWay =
        "id = :recording AND is_current = 1 AND transcription_status = 'processing'"
    static let isProcessing = "SELECT 1 FROM audio_records WHERE \(isUnderWay)"
    private static let isPersons = """
        EXISTS (SELECT 1 FROM transcript_revisions r WHERE r.id = revision_id AND r.origin <> 'engine')
        """
    /// `:beginning` is the duration that was transcribed if the recording has grown since, else NULL: the row
    /// is queued again then, its words are reused for no other, and the charge of the added part may still be
    /// given back.
    static let complete = """
        UPDATE audio_records SET transcription_status = iif(:beginning IS NULL, 'completed', 'pending'),
            attempts = iif(:beginning IS NULL, attempts, 0), completed_at = :now, updated_at = :now,
            revision_id = CASE WHEN \(isPersons) THEN revision_id ELSE :revision END,
            transcript_text = CASE WHEN \(isPersons) THEN transcript_text ELSE :text END,
            language = :language, language_given = :language_given, engine = :engine, model = :model,
            engine_seconds = :engine_seconds, speech_seconds = :speech_seconds, transcription_warnings = :warnings,
            doubt = iif(:beginning IS NULL, max(doubt, :doubt), doubt), model_sha256 = :model_hash,
            shown_until = :beginning, charged_ms = min(charged_ms, :unheard_ms),
            error_message = \(RefusedGrowth.kept("error_message")), error_code = \(RefusedGrowth.kept("error_code"))
        WHERE id = :recording
        """
    static let shownUntil = "SELECT shown_until FROM audio_records WHERE id = ?"
    static let fail = """
        UPDATE audio_records SET transcription_status = 'failed', error_code = :code,
            error_message = :message, updated_at = :now
        WHERE \(isUnderWay)
        """
    static let retry = """
        UPDATE audio_records SET transcription_status = 'pending', due_at = :due, error_code = :code,
            error_message = :message, updated_at = :now
        WHERE \(isUnderWay)
        """
    static let handBack = """
        UPDATE audio_records SET transcription_status = 'pending', attempts = attempts - 1,
            audio_state = CASE WHEN path = :place AND (:inode IS NULL OR inode = :inode
                    AND file_size = :file_size AND modified_ns = :modified_ns AND changed_ns = :changed_ns)
                THEN 'gone' ELSE audio_state END,
            due_at = :due, updated_at = :now
        WHERE \(isUnderWay)
        """
    static let interrupted = """
        SELECT id, interruptions FROM audio_records
        WHERE is_current = 1 AND transcription_status = 'processing' ORDER BY id
        """
    static let interrupt = "UPDATE audio_records SET interruptions = interruptions + 1 WHERE id = ?"
    static let makeDueBeside = """
        UPDATE audio_records SET sidecar_due = :kind, sidecar_version = sidecar_version + 1
        WHERE id = :recording AND (audio_state = 'present' OR EXISTS (SELECT 1 FROM sidecars s
            WHERE s.audio_record_id = audio_records.id AND s.kind NOT IN ('rejected', 'failed', 'remark')))
        """
    /// A transcript that is still to be written stays due: it is true until there is another.
    static let retranscribe = """
        UPDATE audio_records SET transcription_status = 'pending', attempts = 0, interruptions = 0,
            due_at = NULL, updated_at = :now,
            error_message = \(RefusedGrowth.kept("error_message")), error_code = \(RefusedGrowth.kept("error_code")),
            sidecar_due = \(SidecarRegistry.wordsStayDue)
        WHERE id = :recording
        """
}
