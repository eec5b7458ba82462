extension Migrations {
    /// One row, made once: a backup is of this catalog if it has the same.
    static let identity = """
        CREATE TABLE identity (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            value TEXT NOT NULL
        ) STRICT;
        INSERT INTO identity (id, value) VALUES (1, lower(hex(randomblob(16))));
        """

    /// Whether somebody removed the file alone, not with its folder: it stays away.
    static let removedTexts = """
        ALTER TABLE sidecars ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed IN (0, 1));
        """
}
