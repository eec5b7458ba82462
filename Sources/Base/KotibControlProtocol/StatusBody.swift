/// `GET status`. A user sees their own recordings counted; what is only the operator's or an admin's is null
/// then.
public struct StatusBody: Codable, Hashable, Sendable {
    public var version: String
    /// `ok` or `degraded`.
    public var state: String
    /// Why it is degraded, a sentence each.
    public var problems: [String]
    /// How many recordings are in each state.
    public var recordings: [String: Int]
    /// Transcribed ones of which something is doubtful: they have warnings, a wrong ending apart. Nil of an
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
    public var userName: String
    public var filePath: String
    /// Seconds.
    public var duration: Double
    /// Between 0 and 1.
    public var progress: Double
    /// Seconds until it is done, guessed from what is done; null too early to tell.
    public var remaining: Double?
    public var startedAt: String

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
    /// Why nothing starts; null while it works.
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
    /// Folders that are looked at now and then instead.
    public var polledFolders: Int
    /// `auto`, `events` or `poll`; nil of an earlier daemon, as the next.
    public var mode: String?
    /// Kinds of file systems that are polled because they tell of nothing, such as `NFS`.
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

/// A hook: who is told what became of recordings.
public struct HookBody: Codable, Hashable, Sendable {
    /// `program` or `webhook`.
    public var receiver: String
    /// Events that it is still to be told.
    public var pending: Int
    /// Why the last attempt came to nothing; null where it came to something.
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
