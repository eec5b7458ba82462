import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// Checks which folder is at the inbox's path, and which file systems are mounted below it. No event reports
/// either.
final class RootMonitor {
    private let root: InboxRoot
    private let watches: WatchTable
    private let schedule: ScanSchedule
    private let board: IssueBoard
    private let replacedRootDelay: Duration
    private let elapsed: @Sendable () -> Duration
    /// The time from which names that are missing in a folder that replaced the inbox count as gone.
    private var trustedFrom: Duration?
    /// The mounts below the inbox at the last check.
    private var mounts: Set<String>?

    init(
        root: InboxRoot, watches: WatchTable, schedule: ScanSchedule, board: IssueBoard,
        replacedRootDelay: Duration, elapsed: @escaping @Sendable () -> Duration
    ) {
        self.root = root
        self.watches = watches
        self.schedule = schedule
        self.board = board
        self.replacedRootDelay = replacedRootDelay
        self.elapsed = elapsed
    }

    /// Makes the watch table that of the folder at the inbox's path.
    /// - Returns: false while there is none.
    func checkRoot() -> Bool {
        checkMounts()
        if root.isCurrent() && !isRootMissing { return true }
        do {
            // Reported before the new folder can be read: its readers see that it is not to be trusted yet.
            try root.reopen { distrustRoot() }
        } catch {
            if !isRootMissing { watches.reset() }
            board.report(.rootMissing(reason: error.reason), ["path": "\(root.path)"])
            return false
        }
        watches.reset()
        board.resolve { $0.isRootMissing }
        schedule.requestFullScan()
        return true
    }

    /// Accepts a folder that replaced the inbox once it has stood there for
    /// ``WatchConfiguration/replacedRootDelay``.
    func trustRoot() {
        guard let time = trustedFrom, !isRootMissing else { return }
        guard elapsed() >= time else { return schedule.requestFullScan(at: time) }
        trustedFrom = nil
        board.resolve(.rootReplaced)
    }

    private func distrustRoot() {
        trustedFrom = elapsed() + replacedRootDelay
        board.report(.rootReplaced, ["path": "\(root.path)"])
    }

    /// No event reports a mount over a folder below the inbox, nor its end where nothing was watched.
    private func checkMounts() {
        guard let now = MountTable.below(root.folder), now != mounts else { return }
        if mounts != nil { schedule.requestFullScan() }
        mounts = now
    }

    private var isRootMissing: Bool { board.openIssues.keys.contains { $0.isRootMissing } }
}

extension HealthIssue {
    fileprivate var isRootMissing: Bool { if case .rootMissing = self { true } else { false } }
}
