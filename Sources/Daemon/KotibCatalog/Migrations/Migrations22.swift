extension Migrations {
    /// One row, made once: a backup is of this catalog if it has the same.
    static let identity = """
        CREATE TABLE identity (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            value TEXT NOT NULL
        ) STRICT;
        INSERT INTO identity (id, value) VALUES (1, lower(hex(randomblob(16))));
        """
}
