extension Migrations {
    /// Codes as keyed hashes, revocable tokens, what limits the sending of codes, and people's settings.
    static let accountSecurity = """
        """
}
