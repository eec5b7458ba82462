import DequeModule

/// What is to be scanned, and when.
struct ScanAgenda {
    enum Task: Hashable {
        case checkRoot
        case scanAll
        /// One folder, and those in it that are new.
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

    init(_ configuration: WatchConfiguration) {
        self.configuration = configuration
    }

    mutating func requestFullScan() { wantsFullScan = true }
    /// Not later than `time`.
    mutating func requestFullScan(at time: Duration) { nextFullScan = min(nextFullScan ?? time, time) }
    mutating func requestRootCheck() { wantsRootCheck = true }

    /// Twice is once.
    mutating func request(_ folder: FolderID) {
        if requested.insert(folder).inserted { folders.append(folder) }
    }

    mutating func schedulePoll(at time: Duration) { nextPoll = nextPoll ?? time }

    /// What is to be done now; nil for nothing.
    mutating func next(now: Duration) -> Task? {
        if wantsRootCheck || now >= nextRootCheck {
            wantsRootCheck = false
            nextRootCheck = now + configuration.rootInterval
            return .checkRoot
        }
        if wantsFullScan || nextFullScan.map({ now >= $0 }) ?? false {
            wantsFullScan = false
            nextFullScan = now + configuration.rescan
            // It covers them all.
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

    /// Folders that were requested, out of their turn.
    mutating func takeFolders(where isWanted: (FolderID) -> Bool) -> [FolderID] {
        let taken = folders.filter(isWanted)
        guard !taken.isEmpty else { return [] }
        requested.subtract(taken)
        folders.removeAll { !requested.contains($0) }
        return Array(taken)
    }

    mutating func takePoll(now: Duration) -> Bool {
        guard let poll = nextPoll, now >= poll else { return false }
        nextPoll = nil
        return true
    }

    /// Whether ``next(now:)`` will soon ask for a scan of everything.
    func isFullScanDue(now: Duration) -> Bool {
        wantsFullScan || nextFullScan.map { now >= $0 } ?? false
    }

    /// When ``next(now:)`` will have something again.
    var nextTime: Duration {
        min(nextRootCheck, nextFullScan ?? nextRootCheck, nextPoll ?? nextRootCheck)
    }
}
