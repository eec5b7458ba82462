extension Migrations {
    /// Audio that lies in the archive, or is on its way there, and since when a recording has rested.
    ///
    /// `archived` has a row from the moment that the way is intended. Its phases: `intended`, `path` was free and the
    /// audio is to get there; `copied`, it is there, whole and on the disk, and the one in the inbox is to go; `kept`,
    /// all is done. A recording whose audio is `present` and which has a row of phase `kept` was brought back, and its
    /// audio may lie in both places.
    ///
    /// A recording rests since it was completed, or since a person last edited its words or brought back its audio
    /// (`handled_at`).
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
}
