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
    /// Some of the folders that cannot be read, in readable form (``InboxPath/text``).
    public var unreadableFolders: [String] = []
    /// Some of the folders that are links, in readable form (``ByteText``).
    public var linkedFolders: [String] = []
    /// The kinds of file systems that are polled because they give no events, such as `NFS`.
    public var remote: Set<String> = []

    public init(watchedFolders: Int, polledFolders: Int, mode: String = "auto") {
        self.mode = mode
        self.watchedFolders = watchedFolders
        self.polledFolders = polledFolders
    }
}
