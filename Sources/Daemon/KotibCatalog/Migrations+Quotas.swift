extension Migrations {
    /// What users may have, what they have, and what waits for room.
    ///
    /// `quota_*` differ from the daemon's settings where they are not NULL; 0 is no limit. `used_*` count the accepted
    /// recordings whose audio is present, whose counting is the triggers' alone. `taken_ms` is the sound taken in on
    /// `taken_day`, a local day counted from 1970-01-01; nothing is known of what came before this migration.
    ///
    /// `quota_waits` keeps what was found in a file that is refused for want of room, so that it need not be decoded
    /// again. Whose room may have grown meanwhile stands in `quota_room`.
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
