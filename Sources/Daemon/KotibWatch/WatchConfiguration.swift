/// How patient and how large the watcher is.
public struct WatchConfiguration: Hashable, Sendable {
    /// How changes are noticed.
    public enum Mode: String, Sendable, CaseIterable {
        /// By events, and by polling where the file system gives none.
        case auto
        /// By events whatever the file system is.
        case events
        /// By polling alone.
        case poll
    }

    public var mode = Mode.auto
    /// How long a file must stand still.
    public var settle: Duration = .seconds(1)
    /// How long an empty file is taken for an upload that has not begun.
    public var emptyPatience: Duration = .seconds(10)
    /// How long a file that somebody has open for writing may stand still before it is taken all the same.
    public var openPatience: Duration = .seconds(60)
    /// How long a second name is taken for the middle of a rename by link and unlink, as OpenSSH does it.
    public var linkPatience: Duration = .seconds(3)
    /// How often everything is looked at again, in case that an event was lost.
    public var rescan: Duration = .seconds(300)
    /// How often a folder is looked at that gives no events.
    public var pollInterval: Duration = .seconds(10)
    /// How often the inbox folder itself is looked for at its path: nothing tells of a mount over it.
    public var rootInterval: Duration = .seconds(2)
    /// How long another folder must stand at the inbox's path before what is not in it counts as gone.
    public var replacedPatience: Duration = .seconds(60)
    /// How many handlers run at once for one user; one more in all.
    public var concurrency = 8
    /// How many names may be waited for or be about to be handled, of all users together; more wait in the folders.
    public var capacity = 10_000
    /// How many folders deep the inbox is watched.
    public var deepest = 64
    /// Names that are passed over without a word.
    public var ignored = IgnoredNames.standard

    public init() {}
}
