import DequeModule

/// The scans that were requested or are due by time. A request wakes the scanner.
final class ScanSchedule {
    enum Task: Hashable {
        case checkRoot
        case scanAll
        /// One folder, and the new ones in it.
        case scan(FolderID)
        case poll
    }

    private let configuration: WatchConfiguration
    private var wantsFullScan = false
    private var wantsRootCheck = false
    private var folders: Deque<FolderID> = []
    private var requested: Set<FolderID> = []
    private var nextFullScan: Duration?
    private var nextRootCheck: Duration = .zero
    private var nextPoll: Duration?
    private let requests = WakeSignal()

    init(_ configuration: WatchConfiguration) {
        self.configuration = configuration
    }

    /// Waits for a request, or for the time that ``wake(after:_:)`` set.
    /// - Returns: false where the task is cancelled.
    nonisolated(nonsending) func wait() async -> Bool { await requests.wait() }

    /// Nil cancels the time that was set.
    func wake(after delay: Duration?, _ clock: any Clock<Duration>) { requests.signal(after: delay, clock) }

    func requestFullScan() {
        wantsFullScan = true
        requests.signal()
    }

    /// Not later than `time`.
    func requestFullScan(at time: Duration) {
        nextFullScan = min(nextFullScan ?? time, time)
        requests.signal()
    }

    func requestRootCheck() {
        wantsRootCheck = true
        requests.signal()
    }

    /// Idempotent until the folder is scanned.
    func request(_ folder: FolderID) {
        if requested.insert(folder).inserted { folders.append(folder) }
        requests.signal()
    }

    /// Does not delay a poll that was requested before.
    func requestPoll(at time: Duration) {
        nextPoll = nextPoll ?? time
        requests.signal()
    }

    /// The scan that is due now; nil for none.
    func next(now: Duration) -> Task? {
        if wantsRootCheck || now >= nextRootCheck {
            wantsRootCheck = false
            nextRootCheck = now + configuration.rootInterval
            return .checkRoot
        }
        if wantsFullScan || nextFullScan.map({ now >= $0 }) ?? false {
            wantsFullScan = false
            nextFullScan = now + configuration.rescan
            // It covers every folder.
            folders = []
            requested = []
            return .scanAll
        }
        if let folder = folders.popFirst() {
            requested.remove(folder)
            return .scan(folder)
        }
        if let poll = nextPoll, now >= poll {
            nextPoll = nil
            return .poll
        }
        return nil
    }

    /// Removes requested folders from the schedule, out of order.
    func takeFolders(where isWanted: (FolderID) -> Bool) -> [FolderID] {
        let taken = folders.filter(isWanted)
        guard !taken.isEmpty else { return [] }
        requested.subtract(taken)
        folders.removeAll { !requested.contains($0) }
        return Array(taken)
    }

    func takePoll(now: Duration) -> Bool {
        guard let poll = nextPoll, now >= poll else { return false }
        nextPoll = nil
        return true
    }

    /// Whether ``next(now:)`` will soon ask for a scan of everything.
    func isFullScanDue(now: Duration) -> Bool {
        wantsFullScan || nextFullScan.map { now >= $0 } ?? false
    }

    /// The time of the next scan that is due without a request.
    var nextTime: Duration {
        min(nextRootCheck, nextFullScan ?? nextRootCheck, nextPoll ?? nextRootCheck)
    }
}
