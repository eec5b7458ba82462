extension Migrations {
    /// What hooks are still to be told, written in the transaction in which it happens, and only while there is
    /// somebody to tell.
    ///
    /// An event keeps the facts of its moment; the words, which may be many, stay where they are: a revision never
    /// changes. Each receiver has a row of its own until it has been told; with the last of them the event goes.
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
}
