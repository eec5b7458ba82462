import FoundationEssentials
import KotibText

/// How the daemon is: what `kotibctl status`, the API, metrics and sd_notify(3) show.
public struct HealthReport: Hashable, Sendable {
    /// The issues that stand, and when each began.
    public var issues: [HealthIssue: Date]
    public var watch: WatchReport
    /// Nil while the engine is in service.
    public var enginePause: EnginePause?
    /// Why no codes are sent; nil since a message went out.
    public var messageProblem: String?
    /// One for each receiver that is set up.
    public var hooks: [HookHealth]

    public init(
        issues: [HealthIssue: Date] = [:], watch: WatchReport, enginePause: EnginePause? = nil,
        messageProblem: String? = nil, hooks: [HookHealth] = []
    ) {
        self.issues = issues
        self.watch = watch
        self.enginePause = enginePause
        self.messageProblem = messageProblem
        self.hooks = hooks
    }

    /// An issue that was met while the report was made.
    public mutating func add(_ issue: HealthIssue, now: Date = Date()) {
        if issues[issue] == nil { issues[issue] = now }
    }

    /// All that is wrong, for who looks after the service: what, since when, and what to do. Empty where all
    /// is well.
    public func problems(in language: Language) -> [String] {
        let pause = enginePause.map { Sentence.enginePaused($0.message) }
        let messages = messageProblem.map { Sentence.codesNotSent($0) }
        let standing = issues.map { $0.sentence(since: $1, watch).text(in: language) }.sorted()
        return [pause, messages].compactMap { $0?.text(in: language) } + standing
            + hooks.compactMap { $0.sentence?.text(in: language) }
    }

    /// The end of the status line that systemd shows, in English as the log is; empty where nothing waits.
    public var statusLine: String {
        let pause = enginePause.map { ["engine paused: \($0.message)"] } ?? []
        return (pause + issues.keys.map(\.description).sorted()).map { "; \($0)" }.joined()
    }
}
