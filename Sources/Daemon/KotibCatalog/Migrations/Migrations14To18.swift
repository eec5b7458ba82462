extension Migrations {
    /// Audio that lies in the archive, or is on its way there, and since when a recording has rested.
    ///
    /// `archived` has a row from the moment that the way is intended. Its phases: `intended`, `path` was free
    /// and the audio is to get there; `copied`, it is there, whole and on the disk, and the one in the inbox
    /// is to go; `kept`, all is done. A recording whose audio is `present` and which has a row of phase
    /// `kept` was brought back, and its audio may lie in both places.
    ///
    /// A recording rests since it was completed, or since a person last edited its words or brought back its
    /// audio (`handled_at`).
    static let archive = """
        CREATE TABLE archived (
            audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
            path BLOB NOT NULL,
            phase TEXT NOT NULL CHECK (phase IN ('intended', 'copied', 'kept')),
            device INTEGER,
            inode INTEGER,
            file_size INTEGER,
            modified_ns INTEGER,
            changed_ns INTEGER,
            at TEXT NOT NULL,
            CHECK ((inode IS NULL) = (phase = 'intended'))
        ) STRICT;
        CREATE INDEX archived_unfinished ON archived (audio_record_id) WHERE phase <> 'kept';

        ALTER TABLE audio_records ADD COLUMN handled_at TEXT;
        ALTER TABLE audio_records ADD COLUMN rests_since TEXT
            GENERATED ALWAYS AS (max(completed_at, coalesce(handled_at, completed_at))) VIRTUAL;
        UPDATE audio_records SET handled_at =
            (SELECT max(r.created_at) FROM transcript_revisions r WHERE r.audio_record_id = audio_records.id
                AND r.origin <> 'engine' AND r.earlier_record IS NULL)
            WHERE id IN (SELECT audio_record_id FROM transcript_revisions
                WHERE origin <> 'engine' AND earlier_record IS NULL);
        CREATE INDEX audio_records_rest ON audio_records (rests_since, id)
            WHERE transcription_status = 'completed' AND audio_state = 'present';
        """

    /// Warnings about a recording that was transcribed nevertheless: JSON arrays of `{"code", "seconds"}`,
    /// NULL where there is nothing. The inspection's belong to the file, the transcription's to its words.
    static let warnings = """
        ALTER TABLE audio_records ADD COLUMN inspection_warnings TEXT;
        ALTER TABLE audio_records ADD COLUMN transcription_warnings TEXT;
        ALTER TABLE quota_waits ADD COLUMN inspection_warnings TEXT;
        """

    /// Remarks beside recordings. A CHECK cannot be altered: the table is built anew with its rows
    /// (https://www.sqlite.org/lang_altertable.html#otheralter); no table refers to it. The index holds what
    /// `status` counts.
    static let remarks = """
        CREATE TABLE new_sidecars (
            id INTEGER PRIMARY KEY,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            kind TEXT NOT NULL
                CHECK (kind IN ('transcript', 'srt', 'vtt', 'json', 'md', 'rejected', 'failed', 'remark')),
            path BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            written_at TEXT NOT NULL,
            words_sha256 BLOB CHECK (length(words_sha256) = 32)
        ) STRICT;
        INSERT INTO new_sidecars (id, audio_record_id, kind, path, device, inode, size, modified_ns, written_at,
                words_sha256)
            SELECT id, audio_record_id, kind, path, device, inode, size, modified_ns, written_at, words_sha256
            FROM sidecars;
        DROP TABLE sidecars;
        ALTER TABLE new_sidecars RENAME TO sidecars;
        CREATE INDEX sidecars_record ON sidecars (audio_record_id);

        CREATE INDEX audio_records_doubtful ON audio_records (user_id)
            WHERE (inspection_warnings IS NOT NULL OR transcription_warnings IS NOT NULL)
                AND transcription_status = 'completed' AND is_current = 1;
        """

    /// Refused for now, and taken as they are when nothing more has come for long.
    static let incomplete = """
        CREATE INDEX audio_records_incomplete ON audio_records (id)
        WHERE error_code = 'incomplete' AND is_current = 1 AND audio_state = 'present';
        """

    /// The identity of a recording's sound (``SoundIdentity``), NULL if inspected before; whether its words
    /// may be those of other sound than `sha256` says (``ContentDoubt``); and, where it grew, how far its
    /// words reach until there are new ones (`shown_until`, seconds).
    ///
    /// A recording that was replaced before it was transcribed did not fail: no list counts it, and hooks are
    /// told of what has its path alone.
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
