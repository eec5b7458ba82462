import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// The folders below the inbox, and how each is watched: by events or by polling.
final class WatchTable {
    /// Room for one more name and a sidecar's below 4,096 bytes (PATH_MAX, limits.h), the limit of every
    /// system call.
    private static let longestPath = 4096 - 2 * (InboxPath.longestName + 1)

    var tree = FolderTree()
    private(set) var inotify: Inotify?
    /// Folders without events.
    private(set) var polled: Set<FolderID> = []
    /// The polled folders for which the kernel had no watch.
    private var unwatched: Set<FolderID> = []
    /// Folders that could not be read.
    private var unreadable: Set<FolderID> = []
    /// Links directly in the inbox that stand for users' folders.
    private var linked: Set<[UInt8]> = []
    /// The kinds of file systems without events that were found.
    private var remote: Set<String> = []
    /// A folder was too deep to be watched since the last scan began.
    private var foundTooDeep = false

    private let root: InboxRoot
    private let fileSystem: any FileSystem
    private let configuration: WatchConfiguration
    private let board: IssueBoard
    private let schedule: ScanSchedule
    private let deliveries: DeliveryQueue
    private let activity: WakeSignal
    private let elapsed: @Sendable () -> Duration

    /// - Parameter activity: signalled when there are events, or events to deliver.
    init(
        root: InboxRoot, fileSystem: any FileSystem, configuration: WatchConfiguration, board: IssueBoard,
        schedule: ScanSchedule, deliveries: DeliveryQueue, activity: WakeSignal,
        elapsed: @escaping @Sendable () -> Duration
    ) {
        self.root = root
        self.fileSystem = fileSystem
        self.configuration = configuration
        self.board = board
        self.schedule = schedule
        self.deliveries = deliveries
        self.activity = activity
        self.elapsed = elapsed
    }

    var report: WatchReport {
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

    /// Opens the inotify instance where there is none and events are wanted.
    func startInotify() {
        guard inotify == nil, configuration.mode != .poll else { return }
        do {
            inotify = try Inotify { [activity] in activity.signal() }
            board.resolve(.instanceLimit)
        } catch {
            report(.instanceLimit, ["error": "\(error)"])
        }
    }

    func stopInotify() { inotify = nil }

    func path(_ name: [UInt8], in folder: FolderID) -> InboxPath? {
        folder == tree.root ? InboxPath(name) : tree.path(folder)?.appending(name)
    }

    /// The folder in the tree with this path.
    func folder(at path: InboxPath) -> FolderID? {
        var folder: FolderID? = tree.root
        for name in path.bytes.split(separator: UInt8(ascii: "/")) {
            folder = folder.flatMap { tree.child(Array(name), of: $0) }
        }
        return folder
    }

    /// Adds a folder to the tree. A new one is scanned.
    func enroll(_ name: [UInt8], in parent: FolderID) {
        guard let (folder, isNew) = addFolder(name, to: parent), isNew else { return }
        schedule.request(folder)
    }

    /// Nil for folders too deep to be watched.
    func addFolder(_ name: [UInt8], to parent: FolderID) -> (id: FolderID, isNew: Bool)? {
        let length = (tree.path(parent)?.bytes.count ?? 0) + 1 + name.count
        guard tree.depth(parent) < configuration.deepest, length <= Self.longestPath else {
            foundTooDeep = true
            report(.tooDeep, ["folder": "\(tree.path(parent)?.text ?? "")"])
            return nil
        }
        return tree.add(name, to: parent)
    }

    /// Removes a folder that is gone from the tree, with all below, and delivers that.
    func forget(_ folder: FolderID, _ path: InboxPath) {
        for watch in tree.remove(folder) { inotify?.unwatch(watch) }
        polled.remove(folder)
        deliveries.add(.removed(path), at: path)
        activity.signal()
    }

    /// Starts again with an empty tree: the inbox is another folder now.
    func reset() {
        inotify = nil
        startInotify()
        tree = FolderTree()
        polled = []
        (unwatched, unreadable, linked, remote) = ([], [], [], [])
        board.resolve {
            $0 == .watchLimit || $0 == .unreadable || $0 == .tooDeep || $0 == .linkedFolders
        }
    }

    /// The properties of a folder's file system.
    struct FileSystemTraits {
        /// Its times can be trusted.
        var isLocal: Bool
        /// It reports every change.
        var givesEvents: Bool
    }

    /// Sets a watch on an open folder.
    func watch(_ opened: OpenFile, as folder: FolderID) -> FileSystemTraits {
        let remoteName = (try? FileSystemInfo(of: opened))?.remoteName
        var isWatched = false
        do {
            if let inotify {
                let earlier = tree.setWatch(try inotify.watch(opened), of: folder)
                if let earlier { inotify.unwatch(earlier) }
                isWatched = true
            }
            if unwatched.remove(folder) != nil, unwatched.isEmpty { board.resolve(.watchLimit) }
        } catch {
            unwatched.insert(folder)
            report(.watchLimit, ["error": "\(error)"])
        }
        if let remoteName { remote.insert(remoteName) }
        return FileSystemTraits(
            isLocal: remoteName == nil,
            givesEvents: isWatched && (remoteName == nil || configuration.mode == .events))
    }

    /// A folder is watched and was read to its end, so that it is not polled.
    func stopPolling(_ folder: FolderID) { polled.remove(folder) }

    func markReadable(_ folder: FolderID) {
        if unreadable.remove(folder) != nil, unreadable.isEmpty { board.resolve(.unreadable) }
    }

    /// A scan of the whole inbox begins.
    func beginScan() {
        forgetRemovedFolders()
        (foundTooDeep, remote) = (false, [])
    }

    /// A scan of the whole inbox has ended.
    func endScan() {
        if !foundTooDeep { board.resolve(.tooDeep) }
    }

    /// Ends the problems of folders that are no longer in the tree.
    func forgetRemovedFolders() {
        polled = polled.filter { tree.contains($0) }
        unwatched = unwatched.filter { tree.contains($0) }
        unreadable = unreadable.filter { tree.contains($0) }
        if unwatched.isEmpty { board.resolve(.watchLimit) }
        if unreadable.isEmpty { board.resolve(.unreadable) }
    }

    /// Notes whether a name directly in the inbox is a link in the place of a user's folder now.
    func updateLink(_ status: FileStatus?, at path: InboxPath) {
        guard path.depth == 1 else { return }
        let isLink = status?.kind == .symbolicLink && mayBeUsersFolder(path.name)
        guard isLink != linked.contains(path.name) else { return }
        if isLink { linked.insert(path.name) } else { linked.remove(path.name) }
        reportLinks()
    }

    /// Compares the links that a scan of the inbox itself has found with those that are known. The listing
    /// may be older than the last event, so that each difference is examined.
    func updateLinks(_ names: Set<[UInt8]>) {
        for name in names.symmetricDifference(linked) {
            // A name that cannot be examined stays as it was.
            guard let path = InboxPath(name), let status = try? Optional.some(fileSystem.examine(path))
            else { continue }
            let isLink = status?.kind == .symbolicLink && mayBeUsersFolder(name)
            if isLink { linked.insert(name) } else { linked.remove(name) }
        }
        reportLinks()
    }

    /// Every folder in the inbox that is not ignored is a user's, with a dot in its name or without. A link
    /// with a text's ending stands for a file.
    private func mayBeUsersFolder(_ name: [UInt8]) -> Bool {
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? name.endIndex
        let ending = String(decoding: name[dot...].dropFirst(), as: UTF8.self).lowercased()
        return TranscriptFormat(rawValue: ending) == nil
            && !configuration.ignored.isIgnored(folder: name) && !configuration.ignored.isIgnored(file: name)
    }

    private func reportLinks() {
        if linked.isEmpty { return board.resolve(.linkedFolders) }
        guard !board.isOpen(.linkedFolders),
            let first = linked.min(by: { $0.lexicographicallyPrecedes($1) })
        else { return }
        report(.linkedFolders, ["folder": "\(ByteText.escaped(first))", "count": "\(linked.count)"])
    }

    func poll(_ folder: FolderID) {
        polled.insert(folder)
        schedule.requestPoll(at: elapsed() + configuration.pollInterval)
    }

    func markUnreadable(_ id: FolderID, _ path: InboxPath?, _ error: String) {
        unreadable.insert(id)
        report(.unreadable, ["folder": "\(path?.text ?? root.path)", "error": "\(error)"])
        poll(id)
    }

    private func report(_ problem: HealthIssue, _ metadata: Logger.Metadata = [:]) {
        board.report(problem, metadata)
    }
}
