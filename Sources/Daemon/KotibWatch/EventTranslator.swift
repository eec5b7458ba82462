import Glibc
import KotibHealth
import KotibModel

/// Translates inotify events into looks at names, folders in the watch table, and scans.
final class EventTranslator {
    /// Events were lost since this was last set to false.
    var hasLostEvents = false
    private let ignored: IgnoredNames
    private let watches: WatchTable
    private let names: PendingNames
    private let schedule: ScanSchedule
    private let board: IssueBoard

    init(
        ignored: IgnoredNames, watches: WatchTable, names: PendingNames, schedule: ScanSchedule,
        board: IssueBoard
    ) {
        self.ignored = ignored
        self.watches = watches
        self.names = names
        self.schedule = schedule
        self.board = board
    }

    /// Handles the events that have arrived.
    func handleEvents() {
        guard let inotify = watches.inotify else { return }
        let (bytes, hasOverflowed) = inotify.takeEvents()
        var touched: Set<InboxPath> = []
        InotifyEvent.parse(bytes) { event in
            if let path = translate(event) { touched.insert(path) }
        }
        if hasOverflowed { overflowed() }
        for path in touched { names.check(at: path, trigger: .touched) }
    }

    /// - Returns: a name to look at.
    private func translate(_ event: InotifyEvent) -> InboxPath? {
        if event.has(IN_Q_OVERFLOW) {
            overflowed()
            return nil
        }
        guard let folder = watches.tree.folder(watchedBy: event.watch) else { return nil }
        if event.has(IN_IGNORED) { _ = watches.tree.setWatch(nil, of: folder) }
        guard !event.name.isEmpty else {
            if event.has(IN_IGNORED) || event.has(IN_UNMOUNT) || event.has(IN_DELETE_SELF)
                || event.has(IN_MOVE_SELF)
            {
                folderChanged(folder)
            }
            return nil
        }
        let isFolder = event.has(IN_ISDIR)
        let isIgnored =
            isFolder
            ? ignored.isIgnored(folder: event.name)
            : ignored.isIgnored(file: event.name)
        guard !isIgnored, let path = watches.path(event.name, in: folder) else { return nil }
        return isFolder && translateFolder(event, in: folder, path) ? nil : path
    }

    /// - Returns: whether the event is handled.
    private func translateFolder(_ event: InotifyEvent, in parent: FolderID, _ path: InboxPath) -> Bool {
        let isNew = event.has(IN_CREATE) || event.has(IN_MOVED_TO)
        if isNew || event.has(IN_DELETE) || event.has(IN_MOVED_FROM),
            let earlier = watches.tree.child(event.name, of: parent)
        {
            watches.forget(earlier, path)
            if !isNew { return true }
        }
        if isNew { watches.enroll(event.name, in: parent) }
        if event.has(IN_ATTRIB), let folder = watches.tree.child(event.name, of: parent) {
            // It may have become readable.
            schedule.request(folder)
        }
        return false
    }

    /// The folder itself was removed, moved or unmounted.
    private func folderChanged(_ folder: FolderID) {
        if folder == watches.tree.root {
            schedule.requestRootCheck()
        } else {
            schedule.request(folder)
        }
    }

    private func overflowed() {
        hasLostEvents = true
        board.report(.eventsLost)
        schedule.requestFullScan()
    }
}
