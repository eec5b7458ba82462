import FoundationEssentials
import KotibModel
import KotibText

/// The daemon's health, as `kotibctl status`, the API, metrics and sd_notify(3) show it.
public struct HealthReport: Hashable, Sendable {
    /// The open issues, and when each began.
    public var issues: [HealthIssue: Date] = [:]
    public var watch: WatchReport
    /// Nil while the engine is in service.
    public var enginePause: EnginePause?
    /// The reason why no codes are sent; nil since a message was sent.
    var messageProblem: String?
    /// One for each receiver that is set up.
    public var hooks: [HookHealth] = []

    /// Adds an issue that was found while the report was made.
    public mutating func add(_ issue: HealthIssue, now: Date = Date()) {
        if issues[issue] == nil { issues[issue] = now }
    }

    /// All problems, for the administrator: each with its beginning and what to do. Empty if there are none.
    public func problems(in language: Language) -> [String] {
        let pause = enginePause.map { Sentence.enginePaused($0.message) }
        let messages = messageProblem.map { Sentence.codesNotSent($0) }
        let openIssues = issues.map { $0.sentence(since: $1, watch).text(in: language) }.sorted()
        return [pause, messages].compactMap { $0?.text(in: language) } + openIssues
            + hooks.compactMap { $0.sentence?.text(in: language) }
    }

    /// The end of the status line that systemd shows, in English like the log; empty if nothing waits.
    public var statusLine: String {
        let pause = enginePause.map { ["engine paused: \($0.message)"] } ?? []
        return (pause + issues.keys.map(\.description).sorted()).map { "; \($0)" }.joined()
    }
}

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

/// The engine is out of service.
public struct EnginePause: Hashable, Sendable {
    /// The engine's sentence.
    public var message: Sentence
    /// Until the next probe.
    public var remaining: Duration

    public init(message: Sentence, remaining: Duration) {
        self.message = message
        self.remaining = remaining
    }
}

/// How one receiver of hooks is.
public struct HookHealth: Hashable, Sendable {
    public var receiver: HookReceiver
    /// The number of events that are still to be delivered.
    public var pending: Int
    /// Events since the daemon's start.
    public var delivered: Int
    /// Events since the daemon's start that were given up.
    public var failed: Int
    /// The error of the last attempt; nil where it succeeded.
    public var problem: String?

    public init(
        receiver: HookReceiver, pending: Int, delivered: Int = 0, failed: Int = 0, problem: String? = nil
    ) {
        self.receiver = receiver
        self.pending = pending
        self.delivered = delivered
        self.failed = failed
        self.problem = problem
    }

    /// A sentence for the administrator; nil where nothing is wrong.
    var sentence: Sentence? {
        guard let problem else { return nil }
        return switch receiver {
        case .program: .hookProgramFails(problem)
        case .webhook: .webhookFails(problem)
        }
    }
}

/// The parts of the daemon that report on its health.
public struct HealthSources: Sendable {
    var board: IssueBoard
    var watch: @Sendable () async -> WatchReport
    var enginePause: @Sendable () async -> EnginePause?
    var messageProblem: @Sendable () -> String?

    public init(
        board: IssueBoard, watch: @escaping @Sendable () async -> WatchReport,
        enginePause: @escaping @Sendable () async -> EnginePause?,
        messageProblem: @escaping @Sendable () -> String?
    ) {
        self.board = board
        self.watch = watch
        self.enginePause = enginePause
        self.messageProblem = messageProblem
    }

    /// Without hooks, whose state is in the catalog.
    public func report() async -> HealthReport {
        HealthReport(
            issues: board.openIssues, watch: await watch(), enginePause: await enginePause(),
            messageProblem: messageProblem())
    }
}
