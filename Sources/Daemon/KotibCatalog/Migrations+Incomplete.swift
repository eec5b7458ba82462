extension Migrations {
    /// Refused for now, and taken as they are when nothing more has come for long.
    static let incomplete = """
        CREATE INDEX audio_records_incomplete ON audio_records (id)
        WHERE error_code = 'incomplete' AND is_current = 1 AND audio_state = 'present';
        """
}
