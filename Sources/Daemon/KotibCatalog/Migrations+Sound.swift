extension Migrations {
    /// What a recording sounds like (``SoundIdentity``), NULL for what was inspected before; whether its words may be
    /// those of other sound than `sha256` says (``ContentDoubt``); and, where it grew, how far its words reach until
    /// there are new ones (`shown_until`, seconds).
    ///
    /// What was replaced before anybody heard it did not fail: it is counted in no list, and hooks are told of what has
    /// its path alone.
    static let sound = soundColumns + supersededCounts + supersededEvents + currentHooks

    private static let soundColumns = """
        ALTER TABLE audio_records ADD COLUMN sound_sha256 BLOB CHECK (length(sound_sha256) = 32);
        ALTER TABLE audio_records ADD COLUMN sound_size INTEGER;
        ALTER TABLE audio_records ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0 CHECK (doubt BETWEEN 0 AND 2);
        ALTER TABLE audio_records ADD COLUMN shown_until REAL;
        ALTER TABLE quota_waits ADD COLUMN sound_sha256 BLOB CHECK (length(sound_sha256) = 32);
        ALTER TABLE quota_waits ADD COLUMN sound_size INTEGER;
        CREATE INDEX audio_records_sound ON audio_records (user_id, sound_sha256, audio_state)
            WHERE sound_sha256 IS NOT NULL;
        CREATE INDEX audio_records_departed_sound ON audio_records (user_id, sound_sha256, updated_at)
            WHERE sound_sha256 IS NOT NULL AND audio_state <> 'present';
        CREATE INDEX audio_records_completed_sound ON audio_records (user_id, sound_sha256)
            WHERE sound_sha256 IS NOT NULL AND transcription_status = 'completed';
        """

    private static let supersededCounts = """
        DROP TRIGGER audio_records_count_delete;
        DROP TRIGGER audio_records_count_update;
        CREATE TRIGGER audio_records_count_delete AFTER DELETE ON audio_records
        BEGIN
            \(uncount("OLD"))
        END;
        CREATE TRIGGER audio_records_count_update
        AFTER UPDATE OF transcription_status, user_id, language, error_code ON audio_records
        WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.user_id IS NOT NEW.user_id
            OR OLD.language IS NOT NEW.language OR OLD.error_code IS NOT NEW.error_code
        BEGIN
            \(uncount("OLD"))
            INSERT INTO recording_counts (user_id, status, language, count)
                SELECT \(countKey("NEW")), 1 WHERE NOT \(isSuperseded("NEW"))
                ON CONFLICT (user_id, status, language) DO UPDATE SET count = count + 1;
        END;
        UPDATE recording_counts SET count = count - (SELECT count(*) FROM audio_records a
            WHERE a.transcription_status = 'failed' AND a.error_code = 'superseded'
                AND coalesce(a.user_id, 0) = recording_counts.user_id
                AND coalesce(a.language, '') = recording_counts.language)
            WHERE status = 'failed';
        """

    private static let supersededEvents = """
        DROP TRIGGER audio_records_event_update;
        CREATE TRIGGER audio_records_event_update
        AFTER UPDATE OF transcription_status, audio_state, user_id, path ON audio_records
        WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.audio_state <> NEW.audio_state
            OR OLD.user_id IS NOT NEW.user_id OR OLD.path <> NEW.path
        BEGIN
            INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
                SELECT CASE WHEN \(isSuperseded("NEW")) THEN 'deleted' ELSE 'changed' END, NEW.id, NEW.user_id,
                    NEW.file_path, NEW.transcription_status, NEW.audio_state, NEW.updated_at;
        END;
        """

    private static let currentHooks = """
        DROP TRIGGER audio_records_hook_update;
        CREATE TRIGGER audio_records_hook_update
        AFTER UPDATE OF transcription_status, error_code ON audio_records
        WHEN \(isTold) AND NEW.is_current = 1 AND (OLD.transcription_status <> NEW.transcription_status
            OR NEW.transcription_status = 'rejected' AND OLD.error_code IS NOT NEW.error_code)
        BEGIN
            \(tell)
        END;
        """

    /// An expression for a row of `audio_records`: replaced before it had any words.
    private static func isSuperseded(_ row: String) -> String {
        "(\(row).transcription_status = 'failed' AND \(row).error_code IS 'superseded')"
    }

    private static func uncount(_ row: String) -> String {
        """
        UPDATE recording_counts SET count = count - 1
            WHERE (user_id, status, language) = (\(countKey(row))) AND NOT \(isSuperseded(row));
        """
    }
}
