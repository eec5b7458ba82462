extension Migrations {
    /// Search, counts and the log of events.
    static let library = revisions

    /// Which revision's words are shown: `transcript_text` is its text. Not always the newest, since another
    /// transcription does not take a person's words away.
    private static let revisions = """
        ALTER TABLE audio_records ADD COLUMN revision_id INTEGER;
        UPDATE audio_records SET revision_id =
            (SELECT max(r.id) FROM transcript_revisions r WHERE r.audio_record_id = audio_records.id);
        """
}
