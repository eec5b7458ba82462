import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// From events and timers to looks at names.
extension InboxWatcher {
    func takeEvents() {
        guard let inotify else { return }
        let (bytes, hasOverflowed) = inotify.take()
        var touched: Set<InboxPath> = []
        InotifyEvent.parse(bytes) { event in
            if let path = take(event) { touched.insert(path) }
        }
        if hasOverflowed { overflowed() }
        for path in touched { look(at: path, as: .touched) }
    }

    func lookAtWhatIsDue() {
        for path in settler.due(now: elapsed()) { look(at: path, as: .timer) }
    }

    /// Looks at a name and does what follows from it.
    func look(at path: InboxPath, as look: Settler.Look) {
        do {
            let status = try fileSystem.examine(path)
            saw(status, at: path, as: look)
        } catch {
            // Neither there nor gone: the folder is polled until it can be said.
            logger.debug("cannot look", metadata: ["path": "\(path)", "error": "\(error)"])
            settler.forget(path)
            let folder = path.parent.map { enrolled($0) } ?? tree.root
            if let folder { poll(folder) }
        }
    }

    func saw(_ status: FileStatus?, at path: InboxPath, as look: Settler.Look) {
        follow(
            settler.saw(status, at: path, as: look, hasRoom: hasRoom(for: path), now: elapsed()), at: path,
            status)
    }

    private func follow(_ step: Settler.Step, at path: InboxPath, _ status: FileStatus?) {
        switch step {
        case .wait: break
        case .checkWriter: checkWriter(path, status)
        case .settled(let status): deliveries.add(.settled(path, status), at: path)
        case .gone: deliveries.add(.gone(path), at: path)
        case .full: postpone(path, isGone: status == nil)
        }
    }

    /// There is no room to wait for this name: its folder is scanned when there is. That something is gone no
    /// scan of its folder shows, so that the whole inbox is compared.
    private func postpone(_ path: InboxPath, isGone: Bool) {
        if !isGone, let folder = path.parent.map({ enrolled($0) }) ?? tree.root {
            agenda.request(folder)
        } else {
            agenda.requestFullScan()
        }
        scans.ring()
    }

    private func checkWriter(_ path: InboxPath, _ seen: FileStatus?) {
        var writer = WriterCheck.unknown
        do {
            let (file, status) = try fileSystem.openForReading(path)
            guard Settler.isStill(seen, status) else { return saw(status, at: path, as: .touched) }
            writer = WriterCheck(file)
        } catch {
            switch error {
            case .system(let error) where error.code == EAGAIN: writer = .writing
            case .system(let error) where error.code != ENOENT: break
            default: return look(at: path, as: .touched)
            }
        }
        follow(settler.writer(writer, at: path, now: elapsed()), at: path, seen)
    }

    /// - Returns: a name to look at.
    private func take(_ event: InotifyEvent) -> InboxPath? {
        if event.has(IN_Q_OVERFLOW) {
            overflowed()
            return nil
        }
        guard let folder = tree.folder(watchedBy: event.watch) else { return nil }
        if event.has(IN_IGNORED) { _ = tree.setWatch(nil, of: folder) }
        guard !event.name.isEmpty else {
            if event.has(IN_IGNORED) || event.has(IN_UNMOUNT) || event.has(IN_DELETE_SELF)
                || event.has(IN_MOVE_SELF)
            {
                lookAgain(at: folder)
            }
            return nil
        }
        let isFolder = event.has(IN_ISDIR)
        let isIgnored =
            isFolder
            ? configuration.ignored.isIgnored(folder: event.name)
            : configuration.ignored.isIgnored(file: event.name)
        guard !isIgnored, let path = path(event.name, in: folder) else { return nil }
        return isFolder && takeFolder(event, in: folder, path) ? nil : path
    }

    /// - Returns: whether all that is to be said of it has been said.
    private func takeFolder(_ event: InotifyEvent, in parent: FolderID, _ path: InboxPath) -> Bool {
        let isNew = event.has(IN_CREATE) || event.has(IN_MOVED_TO)
        if isNew || event.has(IN_DELETE) || event.has(IN_MOVED_FROM),
            let earlier = tree.child(event.name, of: parent)
        {
            forget(earlier, path)
            if !isNew { return true }
        }
        if isNew { enroll(event.name, in: parent) }
        if event.has(IN_ATTRIB), let folder = tree.child(event.name, of: parent) {
            // It may have become readable.
            agenda.request(folder)
            scans.ring()
        }
        return false
    }

    private func lookAgain(at folder: FolderID) {
        if folder == tree.root {
            agenda.requestRootCheck()
        } else {
            agenda.request(folder)
        }
        scans.ring()
    }

    private func overflowed() {
        hasLostEvents = true
        report(.eventsLost)
        agenda.requestFullScan()
        scans.ring()
    }
}
