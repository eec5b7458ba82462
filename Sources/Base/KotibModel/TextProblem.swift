/// Why what a person saved in a text beside a recording is not taken in.
public enum TextProblem: Hashable, Sendable {
    /// It is neither UTF-8 nor UTF-16 with a byte order mark.
    case encoding
    /// Bytes that a text may have.
    case tooLong(limit: Int)
    /// It has other names too (hard links) and might be somebody else's.
    case hardLink
    /// The daemon may not read it.
    case unreadable
    /// It is somebody else's, and the people of the folder may not read it.
    case foreign
    /// Its user's quota has no room for it.
    case overQuota(Rejection)

    /// Whether it holds until somebody changes the file: room may come by itself.
    public var lastsUntilChanged: Bool {
        if case .overQuota = self { return false }
        return true
    }
}
