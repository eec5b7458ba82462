extension Migrations {
    /// How many events are kept. Ids rise without gaps but for what was rolled back, so that each new one
    /// pushes out about one.
    static let keptEvents = 10_000

    /// What happened to recordings, written where it happens, in the same transaction.
    static let events = """
        CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('changed', 'edited', 'deleted')),
            audio_record_id INTEGER NOT NULL,
            user_id INTEGER,
            file TEXT NOT NULL,
            status TEXT NOT NULL,
            audio_state TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT;
        CREATE TRIGGER events_prune AFTER INSERT ON events
        BEGIN
            DELETE FROM events WHERE id <= NEW.id - \(keptEvents);
        END;

        CREATE TRIGGER audio_records_event_insert AFTER INSERT ON audio_records
        BEGIN
            \(add("changed", "NEW", at: "NEW.updated_at"))
        END;
        CREATE TRIGGER audio_records_event_update
        AFTER UPDATE OF transcription_status, audio_state, user_id, path ON audio_records
        WHEN OLD.transcription_status <> NEW.transcription_status OR OLD.audio_state <> NEW.audio_state
            OR OLD.user_id IS NOT NEW.user_id OR OLD.path <> NEW.path
        BEGIN
            \(add("changed", "NEW", at: "NEW.updated_at"))
        END;
        CREATE TRIGGER audio_records_event_delete AFTER DELETE ON audio_records
        BEGIN
            \(add("deleted", "OLD", at: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"))
        END;
        CREATE TRIGGER transcript_revisions_event AFTER INSERT ON transcript_revisions
        WHEN NEW.origin <> 'engine'
        BEGIN
            \(add("edited", "a", at: "NEW.created_at", from: "FROM audio_records a WHERE a.id = NEW.audio_record_id"))
        END;
        """

    private static func add(_ kind: String, _ row: String, at time: String, from: String = "") -> String {
        """
        INSERT INTO events (kind, audio_record_id, user_id, file, status, audio_state, at)
            SELECT '\(kind)', \(row).id, \(row).user_id, \(row).file_path, \(row).transcription_status,
                \(row).audio_state, \(time) \(from);
        """
    }
}
