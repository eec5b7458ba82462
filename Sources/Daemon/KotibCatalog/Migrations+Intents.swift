extension Migrations {
    /// Changes that are about to be made to files beside recordings. The row stands from before the file is touched until
    /// what came of it is registered, so that after a crash the file is known by its content.
    ///
    /// `content_sha256` is NULL where the file is to go: of such notes earlier versions forgot some.
    static let intents = """
        CREATE TABLE sidecar_intents (
            path BLOB PRIMARY KEY,
            audio_record_id INTEGER NOT NULL REFERENCES audio_records (id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            content_sha256 BLOB CHECK (length(content_sha256) = 32),
            words_sha256 BLOB CHECK (length(words_sha256) = 32)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX sidecar_intents_record ON sidecar_intents (audio_record_id);
        INSERT INTO sidecar_intents (path, audio_record_id, kind)
            SELECT s.path, s.audio_record_id, s.kind FROM sidecars s JOIN audio_records a ON a.id = s.audio_record_id
            WHERE s.kind IN ('rejected', 'failed') AND a.audio_state <> 'present';
        """
}
