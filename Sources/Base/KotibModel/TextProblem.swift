/// The reason why a saved text is not accepted as an edit.
public enum TextProblem: Hashable, Sendable {
    /// It is neither UTF-8 nor UTF-16 with a byte order mark.
    case encoding
    /// Bytes that a text may have.
    case tooLong(limit: Int)
    /// It has several names (hard links) and might belong to somebody else.
    case hardLink
    /// The daemon may not read it.
    case unreadable
    /// It belongs to somebody else, and the people of the folder may not read it.
    case foreign
    /// It exceeds the user's quota.
    case overQuota(Rejection)

    /// Whether the problem lasts until the file changes; a quota may get room by itself.
    public var lastsUntilChanged: Bool {
        if case .overQuota = self { return false }
        return true
    }
}
