extension Migrations {
    /// Intended deletions, and sidecars in several formats.
    static let changes = """
        """
}
