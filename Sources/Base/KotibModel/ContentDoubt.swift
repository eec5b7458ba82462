/// How far it is known that what was heard of a file is what was inspected. The raw values stand in the
/// catalog.
public enum ContentDoubt: Int, Sendable, Comparable {
    /// Nobody had it open for writing, and no time of it has changed.
    case none
    /// No time of it has changed, but the kernel does not say whether somebody writes to it: its words are
    /// lent to no other user.
    case unverified
    /// It may have been changed without a trace: its words are used for no other recording.
    case doubtful

    public static func < (a: ContentDoubt, b: ContentDoubt) -> Bool { a.rawValue < b.rawValue }
}
