extension Migrations {
    /// Intended deletions, and sidecars in several formats.
    static let changes = deletions + sidecarKinds

    /// A recording stands here from the moment that its deletion is decided until its files are gone: then its
    /// row goes, and this one with it.
    private static let deletions = """
        CREATE TABLE deletions (
            audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
            requested_at TEXT NOT NULL
        ) STRICT;
        """

    /// A CHECK cannot be altered: the table is built anew with its rows
    /// (https://www.sqlite.org/lang_altertable.html#otheralter). `words_sha256` is unknown for what stood before.
    private static let sidecarKinds = """
        CREATE TABLE new_sidecars (
            id INTEGER PRIMARY KEY,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            kind TEXT NOT NULL
                CHECK (kind IN ('transcript', 'srt', 'vtt', 'json', 'md', 'rejected', 'failed')),
            path BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified_ns INTEGER NOT NULL,
            written_at TEXT NOT NULL,
            words_sha256 BLOB CHECK (length(words_sha256) = 32)
        ) STRICT;
        INSERT INTO new_sidecars (id, audio_record_id, kind, path, device, inode, size, modified_ns, written_at)
            SELECT id, audio_record_id, kind, path, device, inode, size, modified_ns, written_at FROM sidecars;
        DROP TABLE sidecars;
        ALTER TABLE new_sidecars RENAME TO sidecars;
        CREATE INDEX sidecars_record ON sidecars (audio_record_id);
        """
}
