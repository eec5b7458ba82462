/// `GET status`. A user sees the counts of their own recordings; fields for operators and admins are null for
/// them.
public struct StatusBody: Codable, Hashable, Sendable {
    public var version: String
    /// `ok` or `degraded`.
    public var state: String
    /// The reasons why it is degraded, a sentence each.
    public var problems: [String]
    /// The number of recordings in each state.
    public var recordings: [String: Int]
    /// The number of transcribed recordings with warnings other than a wrong file name extension. Nil from an
    /// earlier daemon.
    public var doubtful: Int?
    public var running: [RunningBody]
    public var engine: EngineBody?
    public var watch: WatchBody?
    /// Null where no hook is set up.
    public var hooks: [HookBody]?
    /// Seconds since the daemon started.
    public var uptime: Double?

    public init(
        version: String, state: String, problems: [String], recordings: [String: Int],
        running: [RunningBody], engine: EngineBody?, watch: WatchBody?, uptime: Double?
    ) {
        self.version = version
        self.state = state
        self.problems = problems
        self.recordings = recordings
        self.running = running
        self.engine = engine
        self.watch = watch
        self.uptime = uptime
    }
}

/// A recording that is being transcribed; also the data of the event `progress`.
public struct RunningBody: Codable, Hashable, Sendable {
    public var id: Int64
    var userName: String
    public var filePath: String
    /// Seconds.
    public var duration: Double
    /// Between 0 and 1.
    public var progress: Double
    /// Estimated seconds until it is done; null before there is an estimate.
    public var remaining: Double?
    var startedAt: String

    enum CodingKeys: String, CodingKey {
        case id
        case userName = "user_name"
        case filePath = "file_path"
        case duration, progress, remaining
        case startedAt = "started_at"
    }

    public init(
        id: Int64, userName: String, filePath: String, duration: Double, progress: Double,
        remaining: Double?, startedAt: String
    ) {
        self.id = id
        self.userName = userName
        self.filePath = filePath
        self.duration = duration
        self.progress = progress
        self.remaining = remaining
        self.startedAt = startedAt
    }
}

public struct EngineBody: Codable, Hashable, Sendable {
    /// `local` or `openai`.
    public var name: String
    /// The reason why no job starts; null while the engine works.
    public var pausedBecause: String?
    /// Seconds until it is tried again.
    public var pausedFor: Double?

    enum CodingKeys: String, CodingKey {
        case name
        case pausedBecause = "paused_because"
        case pausedFor = "paused_for"
    }

    public init(name: String, pausedBecause: String?, pausedFor: Double?) {
        self.name = name
        self.pausedBecause = pausedBecause
        self.pausedFor = pausedFor
    }
}

public struct WatchBody: Codable, Hashable, Sendable {
    /// Folders that give events.
    public var watchedFolders: Int
    /// Folders that are polled instead.
    public var polledFolders: Int
    /// `auto`, `events` or `poll`; nil from an earlier daemon, like the next field.
    var mode: String?
    /// Kinds of file systems that are polled because they report no changes, such as `NFS`.
    public var withoutEvents: [String]?

    enum CodingKeys: String, CodingKey {
        case watchedFolders = "watched_folders"
        case polledFolders = "polled_folders"
        case mode
        case withoutEvents = "without_events"
    }

    public init(
        watchedFolders: Int, polledFolders: Int, mode: String? = nil, withoutEvents: [String]? = nil
    ) {
        self.watchedFolders = watchedFolders
        self.polledFolders = polledFolders
        self.mode = mode
        self.withoutEvents = withoutEvents
    }
}

/// The state of a hook.
public struct HookBody: Codable, Hashable, Sendable {
    /// `program` or `webhook`.
    public var receiver: String
    /// The number of events that are still to be delivered.
    public var pending: Int
    /// The error of the last attempt; null where it succeeded.
    public var lastError: String?

    enum CodingKeys: String, CodingKey {
        case receiver, pending
        case lastError = "last_error"
    }

    public init(receiver: String, pending: Int, lastError: String?) {
        self.receiver = receiver
        self.pending = pending
        self.lastError = lastError
    }
}
