import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// Which folders are in the tree, and how each is watched.
extension InboxWatcher {
    /// Room for one more name and a sidecar's below 4,096 bytes (PATH_MAX, limits.h), which no call takes more of.
    private static let longestPath = 4096 - 2 * (InboxPath.longestName + 1)

    func path(_ name: [UInt8], in folder: FolderID) -> InboxPath? {
        folder == tree.root ? InboxPath(name) : tree.path(folder)?.appending(name)
    }

    /// The folder in the tree that has this path.
    func enrolled(_ path: InboxPath) -> FolderID? {
        var folder: FolderID? = tree.root
        for name in path.bytes.split(separator: UInt8(ascii: "/")) {
            folder = folder.flatMap { tree.child(Array(name), of: $0) }
        }
        return folder
    }

    /// Takes a folder into the tree and has it scanned if it is new.
    func enroll(_ name: [UInt8], in parent: FolderID) {
        guard let (folder, isNew) = addFolder(name, to: parent), isNew else { return }
        agenda.request(folder)
        scans.ring()
    }

    /// Nil for folders too deep to be watched.
    func addFolder(_ name: [UInt8], to parent: FolderID) -> (id: FolderID, isNew: Bool)? {
        let length = (tree.path(parent)?.bytes.count ?? 0) + 1 + name.count
        guard tree.depth(parent) < configuration.deepest, length <= Self.longestPath else {
            metTooDeep = true
            report(.tooDeep, ["folder": "\(tree.path(parent)?.text ?? "")"])
            return nil
        }
        return tree.add(name, to: parent)
    }

    /// Takes a folder that is gone out of the tree, with all below, and tells.
    func forget(_ folder: FolderID, _ path: InboxPath) {
        for watch in tree.remove(folder) { inotify?.unwatch(watch) }
        polled.remove(folder)
        deliveries.add(.gone(path), at: path)
        events.ring()
    }

    /// Begins anew with an empty tree: the inbox is another folder now.
    func forgetAll() {
        inotify = nil
        startInotify()
        tree = FolderTree()
        polled = []
        (unwatched, unreadable, remote) = ([], [], [])
        board.resolve { $0 == .watchLimit || $0 == .unreadable || $0 == .tooDeep }
    }

    /// What can be had of a folder's file system.
    struct Watching {
        /// Its times can be trusted.
        var isLocal: Bool
        /// It tells of all that happens.
        var givesEvents: Bool
    }

    /// Sets a watch on an open folder.
    func watch(_ opened: OpenFile, as folder: FolderID) -> Watching {
        let remoteName = (try? MountFacts(of: opened))?.remoteName
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
        return Watching(
            isLocal: remoteName == nil,
            givesEvents: isWatched && (remoteName == nil || configuration.mode == .events))
    }

    /// A folder is watched and was read to its end: it needs no polling.
    func unpoll(_ folder: FolderID) { polled.remove(folder) }

    func readable(_ folder: FolderID) {
        if unreadable.remove(folder) != nil, unreadable.isEmpty { board.resolve(.unreadable) }
    }

    /// Folders that are not in the tree any more have no troubles.
    func forgetTroubles() {
        polled = polled.filter { tree.contains($0) }
        unwatched = unwatched.filter { tree.contains($0) }
        unreadable = unreadable.filter { tree.contains($0) }
        if unwatched.isEmpty { board.resolve(.watchLimit) }
        if unreadable.isEmpty { board.resolve(.unreadable) }
    }

    /// A scan of the inbox itself has found these links in the place of folders.
    func linked(_ names: Set<[UInt8]>) {
        linked = names
        guard let first = names.min(by: { $0.lexicographicallyPrecedes($1) }) else {
            return board.resolve(.linkedFolders)
        }
        report(.linkedFolders, ["folder": "\(ByteText.escaped(first))", "count": "\(names.count)"])
    }

    func poll(_ folder: FolderID) {
        polled.insert(folder)
        agenda.schedulePoll(at: elapsed() + configuration.pollInterval)
        scans.ring()
    }

    /// Sees to it that the tree is that of the folder at the inbox's path.
    /// - Returns: false while there is none.
    func checkRoot() -> Bool {
        lookAtMounts()
        if root.stillStands() && !isRootMissing { return true }
        do {
            // Told first: whoever looks into the new folder finds that it is not to be trusted yet.
            try root.reopen { distrustRoot() }
        } catch {
            if !isRootMissing { forgetAll() }
            report(.rootMissing(reason: error.reason), ["path": "\(root.path)"])
            return false
        }
        forgetAll()
        board.resolve { $0.isRootMissing }
        agenda.requestFullScan()
        return true
    }

    private func distrustRoot() {
        trustedFrom = elapsed() + configuration.replacedPatience
        report(.rootReplaced, ["path": "\(root.path)"])
    }

    /// Once another folder has stood at the inbox's path for long enough, it is the inbox.
    func trustRoot() {
        guard let time = trustedFrom, !isRootMissing else { return }
        guard elapsed() >= time else { return agenda.requestFullScan(at: time) }
        trustedFrom = nil
        board.resolve(.rootReplaced)
    }

    /// Nothing tells of a mount over a folder below the inbox, nor of its end where nothing was watched.
    private func lookAtMounts() {
        guard let now = MountTable.below(root.folder), now != mounts else { return }
        if mounts != nil { agenda.requestFullScan() }
        mounts = now
    }

    private var isRootMissing: Bool { board.standing.keys.contains { $0.isRootMissing } }
}

extension HealthIssue {
    fileprivate var isRootMissing: Bool { if case .rootMissing = self { true } else { false } }
}
