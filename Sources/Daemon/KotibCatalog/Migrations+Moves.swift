extension Migrations {
    /// Moves under way, by what a moved recording is found, and words of what lay at a path before.
    ///
    /// A recording stands in `moves` from the moment that it was found elsewhere until its texts are there too;
    /// `path` is where it lay. A revision with an `earlier_record` tells the words of that recording, whose path
    /// this one has taken.
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
}
