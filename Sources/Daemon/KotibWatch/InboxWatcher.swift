// KotibWatch: finds the files in the inbox that have come to rest.

import Dispatch
import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibRuntime
import Logging

/// Watches the inbox and reports the files that have come to rest in it.
///
/// An event (``EventTranslator``), a scan (``FolderScanner``) and a timer all have the same effect: a name is
/// examined (``Debouncer``), and once it stands still it is delivered to the handler (``DeliveryQueue``). A
/// later scan finds whatever an event was lost for.
///
/// Everything but the handlers runs on one queue of its own, where system calls may block.
public actor InboxWatcher {
    /// A file that a scan has found.
    public struct Candidate: Hashable, Sendable {
        public var path: InboxPath
        public var status: FileStatus

        public init(path: InboxPath, status: FileStatus) {
            self.path = path
            self.status = status
        }
    }

    private let executor = QueueExecutor(label: "kotib.watch")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    let board: IssueBoard
    let watches: WatchTable
    let names: PendingNames
    private let schedule: ScanSchedule
    private let events: EventTranslator
    private let scanner: FolderScanner
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let handler: @Sendable (InboxEvent) async -> Void
    /// Signalled when there are events, a name is due or a handler has ended.
    private let activity = WakeSignal()
    /// Signalled when a handler has ended.
    private let spaceFreed = WakeSignal()
    private let isReady = Latch()

    /// - Parameters:
    ///   - fileSystem: for tests; nil for the disk below `root`.
    ///   - clock: for all waits.
    ///   - wallClock: nanoseconds since 1970, to compare with files' times.
    ///   - board: problems are reported to it; nil for one of its own.
    ///   - isKnown: called during scans with some hundred files at a time: true for each that was handled in
    ///     just this state and is not delivered. It returns one answer for each file.
    ///   - handler: called for up to ``WatchConfiguration/concurrency`` events of one user at once, and
    ///     for one more in all, never for two of the same path; users take turns. Events that it handles
    ///     count towards ``WatchConfiguration/capacity``.
    public init(
        root: InboxRoot, fileSystem: (any FileSystem)? = nil, configuration: WatchConfiguration = .init(),
        clock: any Clock<Duration> = ContinuousClock(),
        wallClock: @escaping @Sendable () -> Int64 = InboxWatcher.systemTime,
        board: IssueBoard? = nil, isKnown: @escaping @Sendable ([Candidate]) async -> [Bool],
        handler: @escaping @Sendable (InboxEvent) async -> Void, logger: Logger
    ) {
        let fileSystem = fileSystem ?? LocalFileSystem(root)
        let board = board ?? IssueBoard(logger: logger)
        self.board = board
        let elapsed = clock.stopwatch()
        self.clock = clock
        self.elapsed = elapsed
        self.handler = handler
        let deliveries = DeliveryQueue(concurrency: configuration.concurrency)
        schedule = ScanSchedule(configuration)
        watches = WatchTable(
            root: root, fileSystem: fileSystem, configuration: configuration, board: board,
            schedule: schedule, deliveries: deliveries, activity: activity, elapsed: elapsed)
        names = PendingNames(
            configuration: configuration, fileSystem: fileSystem, watches: watches, schedule: schedule,
            deliveries: deliveries, elapsed: elapsed, logger: logger)
        events = EventTranslator(
            ignored: configuration.ignored, watches: watches, names: names, schedule: schedule, board: board)
        scanner = FolderScanner(
            root: root, fileSystem: fileSystem, configuration: configuration, watches: watches,
            rootMonitor: RootMonitor(
                root: root, watches: watches, schedule: schedule, board: board,
                replacedRootDelay: configuration.replacedRootDelay, elapsed: elapsed),
            schedule: schedule, names: names, events: events, board: board, isKnown: isKnown,
            activity: activity, spaceFreed: spaceFreed, ready: isReady,
            clocks: FolderScanner.Clocks(clock: clock, elapsed: elapsed, wallClock: wallClock), logger: logger
        )
    }

    /// Watches until the task is cancelled. To be called once.
    public func run() async throws {
        defer { end() }
        watches.startInotify()
        schedule.requestFullScan()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.scan() }
            while await activity.wait() {
                events.handleEvents()
                names.checkDue()
                while let delivery = names.deliveries.next() {
                    group.addTask { await self.deliver(delivery) }
                }
                activity.signal(after: names.nextCheck.map { $0 - elapsed() }, clock)
            }
            group.cancelAll()
        }
    }

    /// Returns once all folders that stood at the start are watched, so that no later change in them is
    /// missed; or when ``run()`` ends.
    public func ready() async { await isReady.wait() }

    public var health: WatchReport { watches.report }

    /// Scans the whole inbox soon; ``InboxEvent/scanFinished`` is delivered at its end.
    public func rescan() { schedule.requestFullScan() }

    /// Nanoseconds since 1970 by the system's clock.
    public static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return FileStatus.nanoseconds(time)
    }

    private func scan() async { await scanner.run() }

    private func end() {
        watches.stopInotify()
        activity.signal(after: nil, clock)
        schedule.wake(after: nil, clock)
        isReady.open()
    }

    private func deliver(_ delivery: DeliveryQueue.Delivery) async {
        await handler(delivery.inboxEvent)
        names.deliveries.finished(delivery)
        activity.signal()
        spaceFreed.signal()
    }
}

/// A report of the watcher about the inbox.
public enum InboxEvent: Hashable, Sendable {
    /// A file has come to rest. Anything but a regular file (a link, a pipe, a folder) is reported too.
    case stable(InboxPath, FileStatus)
    /// A name is gone; if it was a folder, so are all names below it. By the time that this is handled
    /// something new may have the name: examine it before acting.
    case removed(InboxPath)
    /// A scan of the whole inbox has ended: all files that had come to rest by then have been handled.
    case scanFinished
}

/// Runs an actor on a dispatch queue of its own, where system calls may block without holding up others.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
