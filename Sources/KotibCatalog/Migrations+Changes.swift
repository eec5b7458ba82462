extension Migrations {
    /// Intended deletions, and sidecars in several formats.
    static let changes = deletions

    /// A recording stands here from the moment that its deletion is decided until its files are gone: then its
    /// row goes, and this one with it.
    private static let deletions = """
        CREATE TABLE deletions (
            audio_record_id INTEGER PRIMARY KEY REFERENCES audio_records (id) ON DELETE CASCADE,
            requested_at TEXT NOT NULL
        ) STRICT;
        """
}
