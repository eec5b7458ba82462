/// How the inbox is watched.
public struct WatchReport: Hashable, Sendable {
    /// As set in `watch.mode`.
    public var mode: String
    /// Folders that give events.
    public var watchedFolders: Int
    /// Folders that are looked at every `watch.poll_interval` instead.
    public var polledFolders: Int
    /// Of the polled folders, those for which the kernel had no watch left.
    public var unwatchedFolders = 0
    /// Folders that cannot be read, readable (``InboxPath/text``), a few of them.
    public var unreadableFolders: [String] = []
    /// Folders that are links, readable (``ByteText``), a few of them.
    public var linkedFolders: [String] = []
    /// The kinds of file systems that are polled because they give no events, such as `NFS`.
    public var remote: Set<String> = []

    public init(watchedFolders: Int, polledFolders: Int, mode: String = "auto") {
        self.mode = mode
        self.watchedFolders = watchedFolders
        self.polledFolders = polledFolders
    }
}
