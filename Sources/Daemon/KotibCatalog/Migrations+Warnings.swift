extension Migrations {
    /// What a person should know about a recording that was transcribed nevertheless: JSON arrays of
    /// `{"code", "seconds"}`, NULL where there is nothing. The inspection's belong to the file, the transcription's
    /// to its words.
    static let warnings = """
        ALTER TABLE audio_records ADD COLUMN inspection_warnings TEXT;
        ALTER TABLE audio_records ADD COLUMN transcription_warnings TEXT;
        ALTER TABLE quota_waits ADD COLUMN inspection_warnings TEXT;
        """
}
