extension Migrations {
    /// Search, counts and the log of events.
    static let library = """
        """
}
