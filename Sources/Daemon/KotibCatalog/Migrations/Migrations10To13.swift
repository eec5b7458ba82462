extension Migrations {
    /// Pending deliveries to hooks, written in the transaction that causes them, and only while there is
    /// somebody to tell.
    ///
    /// An event keeps the facts of its moment; the words, which may be many, stay where they are: a revision
    /// never changes. Each receiver has a row of its own until it has been told; with the last of them the
    /// event goes.
    static let hooks = """
        CREATE TABLE hook_receivers (
            name TEXT PRIMARY KEY CHECK (name IN ('program', 'webhook'))
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE hook_events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            event_id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
            kind TEXT NOT NULL CHECK (kind IN ('completed', 'failed', 'rejected')),
            audio_record_id INTEGER NOT NULL,
            user_id INTEGER,
            path BLOB NOT NULL,
            revision_id INTEGER,
            facts TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT;

        CREATE TABLE hook_deliveries (
            id INTEGER PRIMARY KEY,
            event INTEGER NOT NULL REFERENCES hook_events (id) ON DELETE CASCADE,
            receiver TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            due_at REAL NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX hook_deliveries_due ON hook_deliveries (receiver, due_at, id);
        CREATE INDEX hook_deliveries_event ON hook_deliveries (event);

        CREATE TRIGGER hook_events_insert AFTER INSERT ON hook_events
        BEGIN
            INSERT INTO hook_deliveries (event, receiver) SELECT NEW.id, name FROM hook_receivers;
        END;
        CREATE TRIGGER hook_deliveries_delete AFTER DELETE ON hook_deliveries
        WHEN NOT EXISTS (SELECT 1 FROM hook_deliveries WHERE event = OLD.event)
        BEGIN
            DELETE FROM hook_events WHERE id = OLD.event;
        END;

        CREATE TRIGGER audio_records_hook_insert AFTER INSERT ON audio_records
        WHEN \(isTold)
        BEGIN
            \(tell)
        END;
        CREATE TRIGGER audio_records_hook_update
        AFTER UPDATE OF transcription_status, error_code ON audio_records
        WHEN \(isTold) AND (OLD.transcription_status <> NEW.transcription_status
            OR NEW.transcription_status = 'rejected' AND OLD.error_code IS NOT NEW.error_code)
        BEGIN
            \(tell)
        END;
        """

    static let isTold = """
        NEW.transcription_status IN ('completed', 'failed', 'rejected')
            AND EXISTS (SELECT 1 FROM hook_receivers)
        """

    static let tell = """
        INSERT INTO hook_events (kind, audio_record_id, user_id, path, revision_id, facts, at)
            VALUES (NEW.transcription_status, NEW.id, NEW.user_id, NEW.path,
                CASE NEW.transcription_status WHEN 'completed' THEN NEW.revision_id END,
                json_object('file_name', NEW.file_name, 'file_size', NEW.file_size,
                    'media_type', NEW.media_type, 'duration', NEW.duration, 'language', NEW.language,
                    'engine', NEW.engine, 'model', NEW.model, 'error_code', NEW.error_code,
                    'error_message', NEW.error_message, 'created_at', NEW.created_at),
                NEW.updated_at);
        """

    /// Each user's engine.
    static let limits = """
        ALTER TABLE users ADD COLUMN engine TEXT;
        """

    /// Moves under way, by what a moved recording is found, and words of what lay at a path before.
    ///
    /// A recording stands in `moves` from the moment that it was found elsewhere until its texts are there
    /// too; `path` is where it lay. A revision with an `earlier_record` tells the words of that recording,
    /// whose path this one has taken.
    static let moves = """
        CREATE TABLE moves (
            audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
            path BLOB NOT NULL,
            requested_at TEXT NOT NULL
        ) STRICT;
        CREATE INDEX audio_records_inode ON audio_records (inode) WHERE sha256 IS NOT NULL;
        CREATE INDEX audio_records_content ON audio_records (user_id, sha256, audio_state)
            WHERE sha256 IS NOT NULL;
        CREATE INDEX audio_records_departed ON audio_records (user_id, sha256, updated_at)
            WHERE sha256 IS NOT NULL AND audio_state <> 'present';

        ALTER TABLE transcript_revisions ADD COLUMN earlier_record INTEGER;
        CREATE INDEX transcript_revisions_earlier ON transcript_revisions (earlier_record)
            WHERE earlier_record IS NOT NULL;
        DROP TRIGGER transcript_revisions_event;
        CREATE TRIGGER transcript_revisions_event AFTER INSERT ON transcript_revisions
        WHEN NEW.origin <> 'engine' AND NEW.earlier_record IS NULL
        BEGIN
            INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
                SELECT 'edited', a.id, a.user_id, a.file_path, a.transcription_status, a.audio_state,
                    NEW.created_at FROM audio_records a WHERE a.id = NEW.audio_record_id;
        END;
        """

    /// Quotas, their use, and the recordings that wait for room.
    ///
    /// `quota_*` differ from the daemon's settings where they are not NULL; 0 is no limit. `used_*` count the
    /// accepted recordings whose audio is present, whose counting is the triggers' alone. `taken_ms` is the
    /// sound taken in on `taken_day`, a local day counted from 1970-01-01; nothing is known of what came
    /// before this migration.
    ///
    /// `quota_waits` keeps what was found in a file that is refused for want of room, so that it need not be
    /// decoded again. Whose room may have grown meanwhile stands in `quota_room`.
    static let quotas = columns + waits + use

    private static let columns = """
        ALTER TABLE users ADD COLUMN quota_bytes INTEGER CHECK (quota_bytes >= 0);
        ALTER TABLE users ADD COLUMN quota_files INTEGER CHECK (quota_files >= 0);
        ALTER TABLE users ADD COLUMN quota_minutes INTEGER CHECK (quota_minutes >= 0);
        ALTER TABLE users ADD COLUMN used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0);
        ALTER TABLE users ADD COLUMN used_files INTEGER NOT NULL DEFAULT 0 CHECK (used_files >= 0);
        ALTER TABLE users ADD COLUMN taken_day INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE users ADD COLUMN taken_ms INTEGER NOT NULL DEFAULT 0 CHECK (taken_ms >= 0);
        UPDATE users SET used_bytes = u.bytes, used_files = u.files
            FROM (SELECT a.user_id AS id, sum(a.file_size) AS bytes, count(*) AS files FROM audio_records a
                WHERE \(counts("a")) GROUP BY a.user_id) u
            WHERE u.id = users.id;
        """

    private static let waits = """
        CREATE TABLE quota_waits (
            audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
            user_id INTEGER NOT NULL,
            size INTEGER NOT NULL,
            milliseconds INTEGER NOT NULL,
            sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
            media_type TEXT NOT NULL,
            container TEXT NOT NULL,
            codec TEXT NOT NULL,
            duration REAL NOT NULL,
            channels INTEGER NOT NULL,
            sample_rate INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX quota_waits_user ON quota_waits (user_id, audio_record_id, size, milliseconds);
        CREATE TABLE quota_room (user_id INTEGER PRIMARY KEY) STRICT;

        CREATE TRIGGER quota_waits_room AFTER INSERT ON quota_waits
        BEGIN
            INSERT INTO quota_room (user_id) VALUES (NEW.user_id) ON CONFLICT DO NOTHING;
        END;
        CREATE TRIGGER audio_records_quota_wait_end
        AFTER UPDATE OF transcription_status, audio_state, error_code ON audio_records
        WHEN OLD.transcription_status = 'rejected'
            AND (NEW.transcription_status <> 'rejected' OR NEW.audio_state <> 'present'
                OR NEW.error_code IS NOT OLD.error_code)
        BEGIN
            DELETE FROM quota_waits WHERE audio_record_id = NEW.id;
        END;
        CREATE TRIGGER users_quota_room
        AFTER UPDATE OF used_bytes, used_files, quota_bytes, quota_files, quota_minutes ON users
        WHEN (NEW.used_bytes < OLD.used_bytes OR NEW.used_files < OLD.used_files
                OR NEW.quota_bytes IS NOT OLD.quota_bytes OR NEW.quota_files IS NOT OLD.quota_files
                OR NEW.quota_minutes IS NOT OLD.quota_minutes)
            AND EXISTS (SELECT 1 FROM quota_waits WHERE user_id = NEW.id)
        BEGIN
            INSERT INTO quota_room (user_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
        END;
        """

    private static let use = """
        CREATE TRIGGER audio_records_quota_insert AFTER INSERT ON audio_records
        WHEN \(counts("NEW"))
        BEGIN
            \(add("NEW"))
        END;
        CREATE TRIGGER audio_records_quota_delete AFTER DELETE ON audio_records
        WHEN \(counts("OLD"))
        BEGIN
            \(subtract("OLD"))
        END;
        CREATE TRIGGER audio_records_quota_update
        AFTER UPDATE OF transcription_status, audio_state, user_id, file_size ON audio_records
        WHEN (\(counts("OLD"))) <> (\(counts("NEW"))) OR OLD.user_id IS NOT NEW.user_id
            OR OLD.file_size <> NEW.file_size
        BEGIN
            \(subtract("OLD", where: counts("OLD")))
            \(add("NEW", where: counts("NEW")))
        END;
        """

    private static func counts(_ row: String) -> String {
        "\(row).transcription_status <> 'rejected' AND \(row).audio_state = 'present'"
    }

    private static func add(_ row: String, where condition: String = "1") -> String {
        """
        UPDATE users SET used_bytes = used_bytes + \(row).file_size, used_files = used_files + 1
            WHERE id = \(row).user_id AND \(condition);
        """
    }

    private static func subtract(_ row: String, where condition: String = "1") -> String {
        """
        UPDATE users SET used_bytes = used_bytes - \(row).file_size, used_files = used_files - 1
            WHERE id = \(row).user_id AND \(condition);
        """
    }
}
