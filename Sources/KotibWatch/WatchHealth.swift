/// How well the inbox is watched.
public struct WatchHealth: Hashable, Sendable {
    /// What is not as it should be. Nothing is lost in any of these; it takes longer to be noticed.
    public enum Problem: Hashable, Sendable, CustomStringConvertible {
        /// The folder at the configured path is gone or cannot be opened.
        case rootMissing(reason: String)
        /// No more watches for this user (ENOSPC, inotify_add_watch(2)).
        case watchLimit
        /// No more inotify instances for this user (EMFILE, inotify_init(2)).
        case instanceLimit
        /// A file system without events, by its name.
        case remote(String)
        /// Folders that the daemon may not read.
        case unreadable
        /// Folders below ``WatchConfiguration/deepest``, or with a path that is too long, are not watched at all.
        case tooDeep

        public var description: String {
            switch self {
            case .rootMissing(let reason): "the inbox cannot be opened: \(reason)"
            case .watchLimit: "too few inotify watches: raise the sysctl fs.inotify.max_user_watches"
            case .instanceLimit: "too few inotify instances: raise the sysctl fs.inotify.max_user_instances"
            case .remote(let name): "\(name) gives no events: folders are polled"
            case .unreadable: "some folders cannot be read: let the daemon's user read and enter them"
            case .tooDeep: "some folders are nested too deeply and are not watched"
            }
        }
    }

    /// Folders that give events.
    public var watchedFolders: Int
    /// Folders that are looked at every ``WatchConfiguration/pollInterval`` instead.
    public var polledFolders: Int
    public var problems: Set<Problem>

    public init(watchedFolders: Int, polledFolders: Int, problems: Set<Problem>) {
        self.watchedFolders = watchedFolders
        self.polledFolders = polledFolders
        self.problems = problems
    }
}
