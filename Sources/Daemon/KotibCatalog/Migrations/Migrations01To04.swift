extension Migrations {
    /// `last_turn` is a counter, not a time: who has the lowest was served longest ago. `waiting` counts the
    /// recordings that could start now (see `turns`).
    static let accounts = """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            phone_number TEXT UNIQUE CHECK (length(phone_number) <= 20),
            folder BLOB NOT NULL UNIQUE CHECK (length(folder) BETWEEN 1 AND 255),
            role TEXT NOT NULL DEFAULT 'user' CHECK (role IN ('admin', 'user')),
            is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
            created_at TEXT NOT NULL,
            last_turn INTEGER NOT NULL DEFAULT 0,
            waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0)
        ) STRICT;
        CREATE INDEX users_last_turn ON users (last_turn);
        CREATE INDEX users_waiting ON users (last_turn, id) WHERE waiting > 0;

        CREATE TABLE otp_tokens (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            phone_number TEXT NOT NULL CHECK (length(phone_number) <= 20),
            otp_code TEXT NOT NULL,
            expires_at TEXT NOT NULL,
            is_used INTEGER NOT NULL DEFAULT 0 CHECK (is_used IN (0, 1)),
            created_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX otp_tokens_phone_number ON otp_tokens (phone_number);
        """

    /// AUTOINCREMENT, so that the number of a deleted recording never comes back for another.
    /// The text stands last: long values behind short ones keep rows cheap to scan.
    static let recordings = """
        CREATE TABLE audio_records (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            user_id INTEGER REFERENCES users (id) ON DELETE RESTRICT,
            file_name TEXT NOT NULL,
            original_filename TEXT NOT NULL,
            file_path TEXT NOT NULL,
            path BLOB NOT NULL,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            file_size INTEGER NOT NULL CHECK (file_size >= 0),
            modified_ns INTEGER NOT NULL,
            changed_ns INTEGER NOT NULL,
            sha256 BLOB CHECK (length(sha256) = 32),
            media_type TEXT,
            container TEXT,
            codec TEXT,
            duration REAL,
            channels INTEGER,
            sample_rate INTEGER,
            transcription_status TEXT NOT NULL
                CHECK (transcription_status IN ('pending', 'processing', 'completed', 'failed', 'rejected')),
            audio_state TEXT NOT NULL DEFAULT 'present' CHECK (audio_state IN ('present', 'gone', 'replaced')),
            is_current INTEGER NOT NULL DEFAULT 1 CHECK (is_current IN (0, 1)),
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            interruptions INTEGER NOT NULL DEFAULT 0,
            due_at REAL,
            error_code TEXT,
            error_message TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            started_at TEXT,
            completed_at TEXT,
            language TEXT,
            engine TEXT,
            model TEXT,
            engine_seconds REAL,
            speech_seconds REAL,
            sidecar_due TEXT CHECK (sidecar_due IN ('transcript', 'rejected', 'failed')),
            sidecar_version INTEGER NOT NULL DEFAULT 0,
            transcript_text TEXT,
            CHECK ((audio_state = 'replaced') = (is_current = 0)),
            CHECK (is_current = 1 OR transcription_status NOT IN ('pending', 'processing')),
            CHECK (user_id IS NOT NULL OR transcription_status = 'rejected'),
            CHECK (sha256 IS NOT NULL OR transcription_status = 'rejected'),
            CHECK (transcript_text IS NOT NULL OR transcription_status <> 'completed')
        ) STRICT;
        CREATE UNIQUE INDEX audio_records_current_path ON audio_records (path) WHERE is_current = 1;
        CREATE INDEX audio_records_user ON audio_records (user_id, id);
        CREATE INDEX audio_records_status ON audio_records (transcription_status, is_current)
            WHERE is_current = 1;
        CREATE INDEX audio_records_sidecar_due ON audio_records (id) WHERE sidecar_due IS NOT NULL;
        CREATE INDEX audio_records_ready ON audio_records (user_id, id)
            WHERE transcription_status = 'pending' AND audio_state = 'present' AND due_at IS NULL;
        CREATE INDEX audio_records_delayed ON audio_records (due_at)
            WHERE transcription_status = 'pending' AND audio_state = 'present' AND due_at IS NOT NULL;
        """

    /// Waiting recordings are counted by triggers, so that a claim finds the next user by an index however
    /// many users are idle and however long one user's backlog is.
    static let turns = """
        CREATE TRIGGER audio_records_waiting_insert AFTER INSERT ON audio_records
        WHEN \(isReady("NEW"))
        BEGIN
            UPDATE users SET waiting = waiting + 1 WHERE id = NEW.user_id;
        END;
        CREATE TRIGGER audio_records_waiting_delete AFTER DELETE ON audio_records
        WHEN \(isReady("OLD"))
        BEGIN
            UPDATE users SET waiting = waiting - 1 WHERE id = OLD.user_id;
        END;
        CREATE TRIGGER audio_records_waiting_update
        AFTER UPDATE OF transcription_status, audio_state, due_at, user_id ON audio_records
        WHEN (\(isReady("OLD"))) <> (\(isReady("NEW"))) OR OLD.user_id IS NOT NEW.user_id
        BEGIN
            UPDATE users SET waiting = waiting - 1 WHERE id = OLD.user_id AND \(isReady("OLD"));
            UPDATE users SET waiting = waiting + 1 WHERE id = NEW.user_id AND \(isReady("NEW"));
        END;
        """

    private static func isReady(_ row: String) -> String {
        "\(row).transcription_status = 'pending' AND \(row).audio_state = 'present' AND \(row).due_at IS NULL"
    }

    static let sidecars = """
        CREATE TABLE transcript_revisions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            author INTEGER REFERENCES users (id) ON DELETE SET NULL,
            origin TEXT NOT NULL CHECK (origin IN ('engine', 'socket', 'sidecar')),
            text TEXT NOT NULL,
            segments TEXT NOT NULL,
            language TEXT,
            created_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX transcript_revisions_record ON transcript_revisions (audio_record_id, id);
        CREATE INDEX transcript_revisions_author ON transcript_revisions (author) WHERE author IS NOT NULL;

        CREATE TABLE sidecars (
            id INTEGER PRIMARY KEY,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('transcript', 'rejected', 'failed')),
            path BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            written_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX sidecars_record ON sidecars (audio_record_id);
        """
}
