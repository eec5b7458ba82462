import Glibc
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
        problems = problems.filter { if case .rootMissing = $0 { true } else { $0 == .instanceLimit } }
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
        let remote = (try? MountFacts(of: opened))?.remoteName
        var isWatched = false
        do {
            if let inotify {
                let earlier = tree.setWatch(try inotify.watch(opened), of: folder)
                if let earlier { inotify.unwatch(earlier) }
                isWatched = true
            }
        } catch {
            report(.watchLimit, ["error": "\(error)"])
        }
        if let remote { report(.remote(remote)) }
        return Watching(isLocal: remote == nil, givesEvents: isWatched && remote == nil)
    }

    /// A folder is watched and was read to its end: it needs no polling.
    func unpoll(_ folder: FolderID) {
        guard polled.remove(folder) != nil, polled.isEmpty else { return }
        problems.subtract([.watchLimit, .unreadable])
    }

    func poll(_ folder: FolderID) {
        polled.insert(folder)
        agenda.schedulePoll(at: elapsed() + configuration.pollInterval)
        scans.ring()
    }

    /// Sees to it that the tree is that of the folder at the inbox's path.
    /// - Returns: false while there is none.
    func checkRoot() -> Bool {
        if root.stillStands() && !isRootMissing { return true }
        do {
            try root.reopen()
        } catch {
            if !isRootMissing { forgetAll() }
            report(.rootMissing(reason: error.reason), ["path": "\(root.path)"])
            return false
        }
        forgetAll()
        problems = problems.filter { if case .rootMissing = $0 { false } else { true } }
        logger.notice("the inbox is another folder now: scanning it", metadata: ["path": "\(root.path)"])
        agenda.requestFullScan()
        return true
    }

    private var isRootMissing: Bool {
        problems.contains { if case .rootMissing = $0 { true } else { false } }
    }
}
