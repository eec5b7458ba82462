import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// Watches the inbox and tells what stands still in it.
///
/// An event, a scan and a timer all lead to the same: a name is looked at (``Settler``), and once it stands
/// still the handler is told (``DeliveryQueue``). So whatever gets lost, a later scan makes good.
///
/// Everything but the handlers runs on one queue of its own, where looking at files may block.
public actor InboxWatcher {
    /// A file that a scan came across.
    public struct Candidate: Hashable, Sendable {
        public var path: InboxPath
        public var status: FileStatus
    }

    private let executor = QueueExecutor(label: "kotib.watch")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let root: InboxRoot
    let fileSystem: any FileSystem
    let configuration: WatchConfiguration
    let clock: any Clock<Duration>
    let elapsed: @Sendable () -> Duration
    let wallClock: @Sendable () -> Int64
    let isKnown: @Sendable ([Candidate]) async -> [Bool]
    let handler: @Sendable (Sighting) async -> Void
    let logger: Logger

    var tree = FolderTree()
    var settler: Settler
    var deliveries: DeliveryQueue
    var inotify: Inotify?
    var agenda: ScanAgenda
    /// Folders without events.
    var polled: Set<FolderID> = []
    /// Of these, those for which the kernel had no watch.
    var unwatched: Set<FolderID> = []
    /// Folders that could not be read.
    var unreadable: Set<FolderID> = []
    /// Links directly in the inbox that stand for folders.
    var linked: Set<[UInt8]> = []
    /// Files that crashes left and that were told of.
    var toldLeftovers: Set<InboxPath> = []
    /// The kinds of file systems without events that were met.
    var remote: Set<String> = []
    /// When a folder that replaced another at the inbox's path may be swept.
    var trustedFrom: Duration?
    /// Whether what the scan under way is to make good has happened again.
    var hasLostEvents = false
    var metTooDeep = false
    /// Whose names wait for room while a scan looks after the others (``Crowd/owner(of:)``).
    var heldUp: [UInt8]?
    /// The mounts below the inbox as last seen.
    var mounts: Set<String>?
    let board: IssueBoard
    /// Rings when there are events, a name is due or a handler has ended.
    let events = Bell()
    /// Rings when there is something to scan.
    let scans = Bell()
    /// Rings when a handler has ended.
    let room = Bell()
    private var isReady = false
    private var isOver = false
    private var waitingForReady: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - fileSystem: for tests; nil for the disk below `root`.
    ///   - clock: for all waiting.
    ///   - wallClock: nanoseconds since 1970, to compare with files' times.
    ///   - board: where problems are told; nil for one of its own.
    ///   - isKnown: asked during scans, some hundred files at a time: true for each that needs no telling,
    ///     because it was handled in just this state. It returns as many answers as it was given files.
    ///   - handler: called for up to ``WatchConfiguration/concurrency`` sightings of one user at once, and for one more
    ///     in all, never for two of the same path; users take turns. While it runs, that much less is taken from the
    ///     folders.
    public init(
        root: InboxRoot, fileSystem: (any FileSystem)? = nil, configuration: WatchConfiguration = .init(),
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: @escaping @Sendable () -> Int64 = InboxWatcher.systemTime,
        board: IssueBoard? = nil, isKnown: @escaping @Sendable ([Candidate]) async -> [Bool],
        handler: @escaping @Sendable (Sighting) async -> Void, logger: Logger
    ) {
        self.root = root
        self.fileSystem = fileSystem ?? LocalFileSystem(root)
        self.configuration = configuration
        self.clock = clock
        self.wallClock = wallClock
        self.isKnown = isKnown
        self.handler = handler
        self.logger = logger
        self.board = board ?? IssueBoard(logger: logger)
        elapsed = Self.elapsed(clock)
        settler = Settler(configuration)
        deliveries = DeliveryQueue(concurrency: configuration.concurrency)
        agenda = ScanAgenda(configuration)
    }

    /// Watches until the task is cancelled; once only.
    public func run() async throws {
        defer { end() }
        startInotify()
        agenda.requestFullScan()
        scans.ring()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.scanLoop() }
            while await events.wait() {
                takeEvents()
                lookAtWhatIsDue()
                while let delivery = deliveries.next() {
                    group.addTask { await self.deliver(delivery) }
                }
                setAlarm()
            }
            group.cancelAll()
        }
    }

    /// Returns once all folders that stood at the start are watched, so that nothing put into them from then on
    /// goes unnoticed; or when ``run()`` ends.
    public func ready() async {
        if isReady || isOver { return }
        await withCheckedContinuation { waitingForReady.append($0) }
    }

    public var health: WatchReport {
        var report = WatchReport(
            watchedFolders: tree.watchCount, polledFolders: polled.count, mode: configuration.mode.rawValue)
        report.unwatchedFolders = unwatched.count
        report.unreadableFolders = unreadable.prefix(3).compactMap {
            tree.contains($0) ? tree.path($0)?.text ?? root.path : nil
        }
        report.linkedFolders = linked.sorted { $0.lexicographicallyPrecedes($1) }.prefix(3).map(
            ByteText.escaped)
        report.remote = remote
        return report
    }

    /// Looks through the whole inbox soon; ``Sighting/scanned`` tells when that is done.
    public func rescan() {
        agenda.requestFullScan()
        scans.ring()
    }

    /// Nanoseconds since 1970 by the system's clock.
    public static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileStatus.nanoseconds(time)
    }
}

extension InboxWatcher {
    /// Whether another name may be waited for. Nobody takes all the room: each may have so many times what is free
    /// (dynamic thresholds, Choudhury and Hahne, 1998), so that who comes next to a flood always finds some.
    func hasRoom(for path: InboxPath) -> Bool {
        let free = configuration.capacity - settler.count - deliveries.count
        guard free > 0 else { return false }
        let owner = Crowd.owner(of: path)
        return settler.count(of: owner) + deliveries.count(of: owner) < free * Self.greed
    }

    /// One alone gets eight ninths of the room, two eight seventeenths each.
    private static let greed = 8

    func becomeReady() {
        isReady = true
        for waiting in waitingForReady { waiting.resume() }
        waitingForReady = []
    }

    /// Notes a problem and tells of it once, until it is over.
    func report(_ problem: HealthIssue, _ metadata: Logger.Metadata = [:]) {
        board.report(problem, metadata)
    }

    func startInotify() {
        guard inotify == nil, configuration.mode != .poll else { return }
        do {
            inotify = try Inotify { [events] in events.ring() }
            board.resolve(.instanceLimit)
        } catch {
            report(.instanceLimit, ["error": "\(error)"])
        }
    }

    private func end() {
        isOver = true
        inotify = nil
        events.ring(after: nil, clock)
        scans.ring(after: nil, clock)
        for waiting in waitingForReady { waiting.resume() }
        waitingForReady = []
    }

    private func deliver(_ delivery: DeliveryQueue.Delivery) async {
        await handler(delivery.sighting)
        deliveries.finished(delivery)
        events.ring()
        room.ring()
    }

    private func setAlarm() {
        events.ring(after: settler.nextLook.map { $0 - elapsed() }, clock)
    }

    /// Durations since now by any clock.
    private static func elapsed<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
