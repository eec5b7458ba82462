extension Migrations {
    /// Each user's engine.
    static let limits = """
        ALTER TABLE users ADD COLUMN engine TEXT;
        """
}
