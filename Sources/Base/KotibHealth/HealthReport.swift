import FoundationEssentials
import KotibText

/// The daemon's health, as `kotibctl status`, the API, metrics and sd_notify(3) show it.
public struct HealthReport: Hashable, Sendable {
    /// The open issues, and when each began.
    public var issues: [HealthIssue: Date]
    public var watch: WatchReport
    /// Nil while the engine is in service.
    public var enginePause: EnginePause?
    /// The reason why no codes are sent; nil since a message was sent.
    var messageProblem: String?
    /// One for each receiver that is set up.
    public var hooks: [HookHealth]

    init(
        issues: [HealthIssue: Date] = [:], watch: WatchReport, enginePause: EnginePause? = nil,
        messageProblem: String? = nil, hooks: [HookHealth] = []
    ) {
        self.issues = issues
        self.watch = watch
        self.enginePause = enginePause
        self.messageProblem = messageProblem
        self.hooks = hooks
    }

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
