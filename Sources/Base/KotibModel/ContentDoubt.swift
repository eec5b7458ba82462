/// The certainty that the transcribed bytes are the inspected ones. The raw values are stored in the catalog.
public enum ContentDoubt: Int, Sendable, Comparable {
    /// No program had it open for writing, and none of its times has changed.
    case none
    /// None of its times has changed, but the kernel cannot tell whether a program writes to it: its words
    /// are not reused for other users.
    case unverified
    /// It may have changed unnoticed: its words are not reused for any other recording.
    case doubtful

    public static func < (a: ContentDoubt, b: ContentDoubt) -> Bool { a.rawValue < b.rawValue }
}
