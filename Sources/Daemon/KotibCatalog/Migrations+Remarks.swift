extension Migrations {
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
}
