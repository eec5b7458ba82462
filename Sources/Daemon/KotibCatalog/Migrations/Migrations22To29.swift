extension Migrations {
    /// One row, created once: a backup belongs to this catalog if it has the same value.
    static let identity = """
        CREATE TABLE identity (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            value TEXT NOT NULL
        ) STRICT;
        INSERT INTO identity (id, value) VALUES (1, lower(hex(randomblob(16))));
        """

    /// The model by the content of its file, and the minutes charged for sound that has no words yet.
    ///
    /// `model_sha256` is NULL for words of a server, and for those of earlier versions. `charged_ms` was
    /// counted in `users.taken_ms` on `charged_day`; with a `charged_day` of NULL it was given back, and is
    /// counted anew when the recording comes back.
    static let charges = """
        ALTER TABLE audio_records ADD COLUMN model_sha256 BLOB CHECK (length(model_sha256) = 32);
        ALTER TABLE audio_records ADD COLUMN charged_ms INTEGER NOT NULL DEFAULT 0 CHECK (charged_ms >= 0);
        ALTER TABLE audio_records ADD COLUMN charged_day INTEGER;
        """

    /// Whether somebody removed the file alone, not with its folder: it stays away.
    static let removedTexts = """
        ALTER TABLE sidecars ADD COLUMN is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed IN (0, 1));
        """

    /// The folders in the inbox at which something is or was mounted while recordings lie below.
    static let mounts = "CREATE TABLE mounts (path BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"

    /// Whether the decoded bytes differ from the file's.
    static let patches = """
        ALTER TABLE audio_records ADD COLUMN is_patched INTEGER NOT NULL DEFAULT 0 CHECK (is_patched IN (0, 1));
        ALTER TABLE quota_waits ADD COLUMN is_patched INTEGER NOT NULL DEFAULT 0 CHECK (is_patched IN (0, 1));
        """

    /// Whether the words were asked for in their language, which was not detected then. NULL for words of
    /// earlier versions.
    static let givenLanguages = """
        ALTER TABLE audio_records ADD COLUMN language_given INTEGER CHECK (language_given IN (0, 1));
        """

    /// Finds the text that a file was before it was renamed, among any number of them.
    static let textInodes = "CREATE INDEX sidecars_inode ON sidecars (inode) WHERE kind = 'transcript';"

    /// Finds the texts that had a file's words, among any number of them.
    static let textWords = """
        CREATE INDEX sidecars_words ON sidecars (words_sha256) WHERE kind = 'transcript';
        """
}
