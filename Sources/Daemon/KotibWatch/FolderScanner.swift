import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// Scans folders: at the start, after lost events, new folders, and at intervals. A folder is watched first
/// and then read: a change in between is seen twice rather than not at all.
///
/// A scan that comes to a user whose names have no room waits there. Meanwhile it scans for the others, or a
/// flood of one user's names would hide what a lost event would have reported of another's.
final class FolderScanner {
    /// The number of names that are read and asked for at a time.
    private static let batchSize = 256
    /// The interval at which a wait for room is checked without a signal.
    private static let roomInterval = Duration.milliseconds(500)

    struct Clocks {
        var clock: any Clock<Duration>
        var elapsed: @Sendable () -> Duration
        /// Nanoseconds since 1970.
        var wallClock: @Sendable () -> Int64
    }

    private let root: InboxRoot
    private let fileSystem: any FileSystem
    private let configuration: WatchConfiguration
    private let watches: WatchTable
    private let rootMonitor: RootMonitor
    private let schedule: ScanSchedule
    private let names: PendingNames
    private let events: EventTranslator
    private let leftovers: LeftoverCleaner
    private let board: IssueBoard
    private let isKnown: @Sendable ([InboxWatcher.Candidate]) async -> [Bool]
    /// Signalled when there may be something to deliver.
    private let activity: WakeSignal
    /// Signalled when a handler has ended.
    private let spaceFreed: WakeSignal
    /// Opened when every folder is watched.
    private let ready: Latch
    private let clocks: Clocks
    private let logger: Logger
    /// The user whose names wait for space (``NameOwner``).
    private var waitingUser: NameOwner?

    init(
        root: InboxRoot, fileSystem: any FileSystem, configuration: WatchConfiguration, watches: WatchTable,
        rootMonitor: RootMonitor, schedule: ScanSchedule, names: PendingNames, events: EventTranslator,
        board: IssueBoard, isKnown: @escaping @Sendable ([InboxWatcher.Candidate]) async -> [Bool],
        activity: WakeSignal, spaceFreed: WakeSignal, ready: Latch, clocks: Clocks, logger: Logger
    ) {
        self.root = root
        self.fileSystem = fileSystem
        self.configuration = configuration
        self.watches = watches
        self.rootMonitor = rootMonitor
        self.schedule = schedule
        self.names = names
        self.events = events
        self.board = board
        self.isKnown = isKnown
        self.activity = activity
        self.spaceFreed = spaceFreed
        self.ready = ready
        self.clocks = clocks
        self.logger = logger
        leftovers = LeftoverCleaner(fileSystem: fileSystem, wallClock: clocks.wallClock, logger: logger)
    }

    private func elapsed() -> Duration { clocks.elapsed() }

    /// Performs the scans of the schedule until the task is cancelled.
    nonisolated(nonsending) func run() async {
        while await schedule.wait() {
            while !Task.isCancelled, let task = schedule.next(now: elapsed()) {
                await perform(task)
                activity.signal()
            }
            schedule.wake(after: schedule.nextTime - elapsed(), clocks.clock)
        }
    }

    private nonisolated(nonsending) func perform(_ task: ScanSchedule.Task) async {
        switch task {
        case .checkRoot: _ = rootMonitor.checkRoot()
        case .scanAll: await scanAll()
        case .scan(let folder): await scan(from: folder)
        case .poll: await pollFolders()
        }
    }

    private nonisolated(nonsending) func scanAll() async {
        guard rootMonitor.checkRoot() else { return }
        watches.startInotify()
        rootMonitor.trustRoot()
        watches.beginScan()
        events.hasLostEvents = false
        let start = elapsed()
        let top = watches.tree.root
        await walk(from: top, files: false)
        ready.open()
        await walk(from: top, files: true)
        guard !Task.isCancelled, root.isCurrent() else { return }
        logger.debug(
            "inbox scanned",
            metadata: ["folders": "\(watches.tree.count)", "time": "\(elapsed() - start)"])
        if !events.hasLostEvents { board.resolve(.eventsLost) }
        watches.endScan()
        names.deliveries.addScanFinished()
    }

    /// Scans a folder and the new ones in it. The others are watched or polled.
    private nonisolated(nonsending) func scan(from folder: FolderID) async {
        await walk(from: folder, files: true, onlyNew: true)
    }

    private nonisolated(nonsending) func pollFolders() async {
        watches.startInotify()
        watches.forgetRemovedFolders()
        let start = elapsed()
        for folder in watches.polled where !isWaiting(folder) { await scan(from: folder) }
        guard !watches.polled.isEmpty else { return }
        // A slow poll is repeated less often.
        schedule.requestPoll(at: elapsed() + max(configuration.pollInterval, (elapsed() - start) * 4))
    }

    /// Visits a folder and those below it. Depth first, so that only the folders of one path's levels wait.
    private nonisolated(nonsending) func walk(from folder: FolderID, files: Bool, onlyNew: Bool = false) async
    {
        var waiting = [folder]
        while let folder = waiting.popLast(), !Task.isCancelled {
            waiting += await visit(folder, files: files).filter { $0.isNew || !onlyNew }.map(\.id)
        }
    }

    /// Watches one folder and reads its names.
    /// - Returns: the folders in it.
    private nonisolated(nonsending) func visit(_ id: FolderID, files: Bool) async -> [(
        id: FolderID, isNew: Bool
    )] {
        guard watches.tree.contains(id) else { return [] }
        let path = watches.tree.path(id)
        guard let opened = open(id, path) else { return [] }
        let watching = watches.watch(opened, as: id)
        watches.tree.beginVisit()
        var subfolders: [(id: FolderID, isNew: Bool)] = []
        var links: Set<[UInt8]> = []
        do {
            let listing = try fileSystem.list(opened)
            while true {
                let entries = try listing.next(Self.batchSize)
                if entries.isEmpty { break }
                var found = Batch()
                for entry in entries { try sort(entry, in: opened, id, files: files, into: &found) }
                subfolders += found.subfolders
                links.formUnion(found.links)
                if files {
                    leftovers.remove(found.temporaries, in: opened, path)
                    await offer(found.candidates, of: id, isLocal: watching.isLocal)
                } else {
                    await Task.yield()
                }
                guard watches.tree.contains(id), !Task.isCancelled else { return [] }
            }
        } catch {
            watches.markUnreadable(id, path, "\(error)")
            return subfolders
        }
        // Names that can be listed may still not be examined (mode r--).
        if files { watches.markReadable(id) }
        if id == watches.tree.root { watches.updateLinks(links) }
        if watching.givesEvents { watches.stopPolling(id) } else { watches.poll(id) }
        for unseen in watches.tree.unseenChildren(of: id) { forgetIfGone(unseen) }
        return subfolders
    }

    private struct Batch {
        var subfolders: [(id: FolderID, isNew: Bool)] = []
        var candidates: [InboxWatcher.Candidate] = []
        var temporaries: [[UInt8]] = []
        var links: [[UInt8]] = []
    }

    private func sort(
        _ entry: FolderEntry, in opened: OpenFile, _ id: FolderID, files: Bool, into batch: inout Batch
    ) throws(FileError) {
        let name = entry.name
        var status: FileStatus?
        if files || entry.kind == nil {
            status = try fileSystem.examine(name, in: opened)
            if status == nil { return }
        }
        if (status?.kind ?? entry.kind) == .folder {
            guard !configuration.ignored.isIgnored(folder: name) else { return }
            if let subfolder = watches.addFolder(name, to: id) { batch.subfolders.append(subfolder) }
        } else if configuration.ignored.isIgnored(file: name) {
            if name.starts(with: AtomicFile.prefix) { batch.temporaries.append(name) }
            return
        }
        if id == watches.tree.root, (status?.kind ?? entry.kind) == .symbolicLink { batch.links.append(name) }
        if files, let status, let path = watches.path(name, in: id) {
            batch.candidates.append(InboxWatcher.Candidate(path: path, status: status))
        }
    }

    /// Adds the names that the catalog does not know, and waits where there is no room for one.
    private nonisolated(nonsending) func offer(
        _ candidates: [InboxWatcher.Candidate], of folder: FolderID, isLocal: Bool
    ) async {
        guard !candidates.isEmpty else { return }
        let known = await isKnown(candidates)
        for (candidate, isKnown) in zip(candidates, known) where !isKnown {
            var status: FileStatus? = candidate.status
            if !names.hasCapacity(for: candidate.path) {
                // One wait at a time: this folder is scanned again later.
                if waitingUser != nil { return schedule.request(folder) }
                guard await waitForRoom(for: candidate.path) else { return }
                // The wait may have been long.
                status = try? fileSystem.examine(candidate.path)
            }
            guard let status else { continue }
            names.observed(
                status, at: candidate.path, trigger: .scanned(quiet: isLocal ? quiet(status) : .zero))
        }
        activity.signal()
    }

    /// The time since a file was last changed, by its own times; zero for a time in the future.
    private func quiet(_ status: FileStatus) -> Duration {
        let last = max(status.identity.modified, status.identity.changed)
        let now = clocks.wallClock()
        return last <= now ? .nanoseconds(now) - .nanoseconds(last) : .zero
    }

    private func open(_ id: FolderID, _ path: InboxPath?) -> OpenFile? {
        do {
            return try fileSystem.openFolder(path)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP: if let path { watches.forget(id, path) }
            default: watches.markUnreadable(id, path, "\(error)")
            }
            return nil
        }
    }

    /// A listing may miss a name while the folder changes (readdir(3)), so the name itself is examined.
    private func forgetIfGone(_ folder: FolderID) {
        guard let path = watches.tree.path(folder) else { return }
        if let status = try? fileSystem.examine(path), status.kind == .folder { return }
        watches.forget(folder, path)
    }

    // MARK: Waiting for room

    /// - Returns: false where the task is cancelled.
    private nonisolated(nonsending) func waitForRoom(for path: InboxPath) async -> Bool {
        let owner = NameOwner(of: path)
        var next = elapsed()
        while !names.hasCapacity(for: path) {
            activity.signal()
            if elapsed() >= next {
                let start = elapsed()
                waitingUser = owner
                await scanForOthers()
                waitingUser = nil
                // A slow scan is repeated less often.
                next = elapsed() + max(Self.roomInterval / 5, (elapsed() - start) * 4)
            }
            guard !Task.isCancelled else { return false }
            spaceFreed.signal(after: Self.roomInterval, clocks.clock)
            guard await spaceFreed.wait() else { return false }
        }
        return true
    }

    /// Whether the folder is that of the user who waits for room.
    private func isWaiting(_ folder: FolderID) -> Bool {
        guard let waitingUser else { return false }
        return NameOwner(ofNamesIn: watches.tree.path(folder)) == waitingUser
    }

    /// Performs the due scans for users other than the one who waits. The next full scan reports that it was
    /// done.
    private nonisolated(nonsending) func scanForOthers() async {
        for folder in schedule.takeFolders(where: { !self.isWaiting($0) }) { await scan(from: folder) }
        if schedule.takePoll(now: elapsed()) { await pollFolders() }
        guard schedule.isFullScanDue(now: elapsed()) else { return }
        for top in await visit(watches.tree.root, files: waitingUser != .inbox) where !isWaiting(top.id) {
            await walk(from: top.id, files: true)
        }
    }
}
