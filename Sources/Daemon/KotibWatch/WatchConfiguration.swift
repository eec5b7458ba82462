/// The times and limits of the watcher.
public struct WatchConfiguration: Hashable, Sendable {
    /// The way in which changes are noticed.
    public enum Mode: String, Sendable, CaseIterable {
        /// By events, and by polling where the file system has none.
        case auto
        /// By events whatever the file system is.
        case events
        /// By polling alone.
        case poll
    }

    public var mode = Mode.auto
    /// The time for which a file must not change before it is delivered.
    public var settle: Duration = .seconds(1)
    /// The same for an empty file, which may be an upload that has not begun.
    public var emptyFileDelay: Duration = .seconds(10)
    /// The same for a file that a program has open for writing.
    public var openFileDelay: Duration = .seconds(60)
    /// The same for a file with a second name, which may be in the middle of a rename by link and unlink, as
    /// OpenSSH does it.
    var hardLinkDelay: Duration = .seconds(3)
    /// The interval of scans of the whole inbox, in case an event was lost.
    public var rescan: Duration = .seconds(300)
    /// The interval of scans of a folder that has no events.
    public var pollInterval: Duration = .seconds(10)
    /// The interval of checks of the inbox folder itself: no event reports a mount over it.
    var rootInterval: Duration = .seconds(2)
    /// The time for which another folder must stand at the inbox's path before files that are missing in it
    /// count as gone.
    var replacedRootDelay: Duration = .seconds(60)
    /// The number of handlers that run at once for one user; one more in all.
    var concurrency = 8
    /// The number of names of all users that are observed or wait for a handler; others are left in their
    /// folders.
    var capacity = 10_000
    /// The depth to which the inbox is watched, in folders.
    var deepest = 64
    /// Names that are ignored.
    public var ignored = IgnoredNames.standard

    public init() {}
}
