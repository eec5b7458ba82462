import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import Logging

/// Goes through folders: at the start, after lost events, for a new folder and now and then. Watch first, then
/// look: what comes in between is seen twice rather than not at all.
extension InboxWatcher {
    /// Names that are read and asked for at a time.
    private static let batch = 256
    /// Of files that crashes left, no more are told of.
    private static let mostLeftovers = 1000

    func scanLoop() async {
        while await scans.wait() {
            while !Task.isCancelled, let task = agenda.next(now: elapsed()) {
                await perform(task)
                events.ring()
            }
            scans.ring(after: agenda.nextTime - elapsed(), clock)
        }
    }

    private func perform(_ task: ScanAgenda.Task) async {
        switch task {
        case .checkRoot: _ = checkRoot()
        case .scanAll: await scanAll()
        case .scan(let folder): await scan(from: folder)
        case .poll: await pollFolders()
        }
    }

    private func scanAll() async {
        guard checkRoot() else { return }
        startInotify()
        trustRoot()
        forgetTroubles()
        (hasLostEvents, metTooDeep, remote) = (false, false, [])
        let start = elapsed()
        let root = tree.root
        await walk(from: root) { await self.visit($0, files: false).map(\.id) }
        becomeReady()
        await walk(from: root) { await self.visit($0, files: true).map(\.id) }
        guard !Task.isCancelled, self.root.stillStands() else { return }
        logger.debug(
            "scanned the inbox", metadata: ["folders": "\(tree.count)", "time": "\(elapsed() - start)"])
        if !hasLostEvents { board.resolve(.eventsLost) }
        if !metTooDeep { board.resolve(.tooDeep) }
        deliveries.addScanned()
    }

    /// Of the folders in it, those that are known already have watches or polls of their own.
    func scan(from folder: FolderID) async {
        await walk(from: folder) { await self.visit($0, files: true).filter(\.isNew).map(\.id) }
    }

    func pollFolders() async {
        startInotify()
        forgetTroubles()
        let start = elapsed()
        for folder in polled where !isHeldUp(folder) { await scan(from: folder) }
        guard !polled.isEmpty else { return }
        // A poll that takes long comes less often.
        agenda.schedulePoll(at: elapsed() + max(configuration.pollInterval, (elapsed() - start) * 4))
    }

    /// Depth first, so that what waits is at most one level's folders for each level.
    func walk(from folder: FolderID, _ visit: (FolderID) async -> [FolderID]) async {
        var waiting = [folder]
        while let folder = waiting.popLast(), !Task.isCancelled {
            waiting += await visit(folder)
        }
    }

    /// Watches one folder and goes through its names.
    /// - Returns: the folders in it.
    func visit(_ id: FolderID, files: Bool) async -> [(id: FolderID, isNew: Bool)] {
        guard tree.contains(id) else { return [] }
        let path = tree.path(id)
        guard let opened = open(id, path) else { return [] }
        let watching = watch(opened, as: id)
        tree.beginVisit()
        var subfolders: [(id: FolderID, isNew: Bool)] = []
        var links: Set<[UInt8]> = []
        do {
            let listing = try fileSystem.list(opened)
            while true {
                let names = try listing.next(Self.batch)
                if names.isEmpty { break }
                var found = Batch()
                for name in names { try sort(name, in: opened, id, files: files, into: &found) }
                subfolders += found.subfolders
                links.formUnion(found.links)
                if files {
                    removeStaleTemporaries(found.temporaries, in: opened, path)
                    await offer(found.candidates, of: id, isLocal: watching.isLocal)
                } else {
                    await Task.yield()
                }
                guard tree.contains(id), !Task.isCancelled else { return [] }
            }
        } catch {
            cannotRead(id, path, "\(error)")
            return subfolders
        }
        // Its names may be listed and still not be looked at (mode r--).
        if files { readable(id) }
        if id == tree.root { linked(links) }
        if watching.givesEvents { unpoll(id) } else { poll(id) }
        for unseen in tree.unseenChildren(of: id) { forgetIfGone(unseen) }
        return subfolders
    }

    private struct Batch {
        var subfolders: [(id: FolderID, isNew: Bool)] = []
        var candidates: [Candidate] = []
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
            if let subfolder = addFolder(name, to: id) { batch.subfolders.append(subfolder) }
        } else if configuration.ignored.isIgnored(file: name) {
            if name.starts(with: AtomicFile.prefix) { batch.temporaries.append(name) }
            return
        }
        // With an ending it stands for a file.
        if id == tree.root, (status?.kind ?? entry.kind) == .symbolicLink, !name.contains(UInt8(ascii: ".")) {
            batch.links.append(name)
        }
        if files, let status, let path = path(name, in: id) {
            batch.candidates.append(Candidate(path: path, status: status))
        }
    }

    /// Hands what the catalog does not know to the settler, and waits where that is full.
    private func offer(_ candidates: [Candidate], of folder: FolderID, isLocal: Bool) async {
        guard !candidates.isEmpty else { return }
        let known = await isKnown(candidates)
        for (candidate, isKnown) in zip(candidates, known) where !isKnown {
            var status: FileStatus? = candidate.status
            if !hasRoom(for: candidate.path) {
                // Who is looked at while another waits does not wait as well.
                if heldUp != nil { return agenda.request(folder) }
                guard await waitForRoom(for: candidate.path) else { return }
                // The wait may have been long.
                status = try? fileSystem.examine(candidate.path)
            }
            guard let status else { continue }
            saw(status, at: candidate.path, as: .scanned(quiet: isLocal ? quiet(status) : .zero))
        }
        events.ring()
    }

    /// How long a file has stood still by its own times; zero for one from the future.
    private func quiet(_ status: FileStatus) -> Duration {
        let last = max(status.identity.modified, status.identity.changed)
        let now = wallClock()
        return last <= now ? .nanoseconds(now) - .nanoseconds(last) : .zero
    }

    private func open(_ id: FolderID, _ path: InboxPath?) -> OpenFile? {
        do {
            return try fileSystem.openFolder(path)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP: if let path { forget(id, path) }
            default: cannotRead(id, path, "\(error)")
            }
            return nil
        }
    }

    private func cannotRead(_ id: FolderID, _ path: InboxPath?, _ error: String) {
        unreadable.insert(id)
        report(.unreadable, ["folder": "\(path?.text ?? root.path)", "error": "\(error)"])
        poll(id)
    }

    /// A listing may miss a name while the folder changes (readdir(3)), so the folder itself is asked for.
    private func forgetIfGone(_ folder: FolderID) {
        guard let path = tree.path(folder) else { return }
        if let status = try? fileSystem.examine(path), status.kind == .folder { return }
        forget(folder, path)
    }

    private func removeStaleTemporaries(_ names: [[UInt8]], in opened: OpenFile, _ path: InboxPath?) {
        guard !names.isEmpty else { return }
        do {
            let kept = try AtomicFile(fileSystem).removeStaleTemporaries(names, in: opened, now: wallClock())
            for name in kept {
                let file = path?.appending(name) ?? InboxPath(name)
                // Each scan comes by. Who makes thousands of such names is not told of each.
                guard let file, toldLeftovers.count < Self.mostLeftovers, toldLeftovers.insert(file).inserted
                else { continue }
                logger.warning(
                    "a file that a crash left was kept, as it may be somebody's",
                    metadata: ["folder": "\(path?.text ?? "")", "file": "\(ByteText.escaped(name))"])
            }
        } catch {
            logger.debug("cannot remove what a crash left", metadata: ["error": "\(error)"])
        }
    }
}
