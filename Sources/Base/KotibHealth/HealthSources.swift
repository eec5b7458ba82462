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
