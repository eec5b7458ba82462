import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Logging
import Synchronization
import Testing

@testable import KotibWatch

/// Recovery from missing events, watches, room or the inbox itself.
@Suite struct LossTests {
    /// The kernel's own queue is let run over.
    @Test func overflowTriggersRescan() async throws {
        let watched = try WatchedFolder()
        let files = try kernelQueueLength() / 3 + 100
        try await watched.watch {
            #expect(await waitUntil { watched.reported.scans == 1 })
            let inotify = try #require(await watched.watcher.inotify)
            inotify.pause()
            for number in 0..<files { try watched.write("x", to: "\(number).mp3") }
            inotify.resume()
            #expect(await waitUntil { watched.reported.scans == 2 && watched.reported.files.count >= files })
            #expect(await watched.watcher.board.issues.isEmpty)
        }
        #expect(Set(watched.reported.files).count == files)
        let told = watched.log.all.filter { $0.contains("events of the inbox were lost") }
        #expect(told.first?.hasPrefix("warning") == true && told.last?.hasPrefix("notice recovered:") == true)
    }

    @Test func thePeriodicScanFindsWhatNoEventTold() async throws {
        var configuration = WatchedFolder.quick
        configuration.rescan = .milliseconds(100)
        let watched = try WatchedFolder(configuration)
        try await watched.watch {
            try await #require(watched.watcher.inotify).pause()
            try watched.write("x", to: "silent.mp3")
            #expect(await waitUntil { watched.reported.names.contains("silent.mp3") })
            try await #require(watched.watcher.inotify).resume()
        }
    }

    @Test func aMovedAndRecreatedInboxIsFoundAgain() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            #expect(await waitUntil { watched.reported.scans == 1 })
            try watched.folder.rename("inbox", to: "away")
            #expect(await waitUntil { await watched.isRootMissing })
            try watched.folder.write("x", to: "away/unseen.mp3")
            try watched.folder.makeFolder("inbox/user")
            try watched.write("x", to: "user/one.mp3")
            // The scan after which the new folder is trusted may tell of them again.
            #expect(await waitUntil { Set(watched.reported.names) == ["user/one.mp3"] })
            #expect(await waitUntil { watched.reported.scans >= 2 })
            try watched.write("x", to: "user/two.mp3")
            #expect(
                await waitUntil { Set(watched.reported.names) == ["user/one.mp3", "user/two.mp3"] },
                "\(watched.reported.all)")
            #expect(await waitUntil { await watched.watcher.board.issues.isEmpty })
        }
        // An unmounted inbox does not mean that its files were deleted.
        #expect(watched.reported.gone.isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0)) func aMountOverTheInboxAndItsEndAreNoticed() async throws {
        let watched = try WatchedFolder()
        try watched.write("x", to: "below.mp3")
        try await watched.watch {
            #expect(await waitUntil { watched.reported.names == ["below.mp3"] })
            let inbox = watched.folder.path("inbox")
            guard mount("none", inbox, "tmpfs", 0, nil) == 0 else { return }
            defer { umount2(inbox, Int32(MNT_DETACH)) }
            try watched.write("x", to: "mounted.mp3")
            #expect(await waitUntil { watched.reported.names.contains("mounted.mp3") })
            umount2(inbox, Int32(MNT_DETACH))
            let told = watched.reported.files.count
            #expect(await waitUntil { watched.reported.files.count > told })
            try watched.write("x", to: "after.mp3")
            #expect(await waitUntil { watched.reported.names.contains("after.mp3") })
        }
    }

    /// Without inotify watches, as on NFS or beyond fs.inotify.max_user_watches.
    @Test func foldersWithoutEventsArePolled() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            #expect(await waitUntil { watched.reported.scans == 1 })
            try watched.folder.makeFolder("inbox/user")
            #expect(await waitUntil { await watched.watcher.health.watchedFolders == 2 })
            await watched.watcher.loseWatches()
            #expect(await watched.watcher.health.polledFolders == 2)
            try watched.write("x", to: "user/polled.mp3")
            try watched.folder.makeFolder("inbox/new/sub")
            try watched.write("x", to: "new/sub/polled.mp3")
            #expect(await waitUntil { watched.reported.names == ["new/sub/polled.mp3", "user/polled.mp3"] })
            // Folders that can be watched again are watched.
            #expect(await waitUntil { await watched.watcher.health.polledFolders == 0 })
        }
    }

    @Test(.enabled(if: geteuid() == 0)) func aFolderThatCannotBeOpenedIsSaidAndTriedAgain() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox/user")
        try folder.write("x", to: "inbox/user/talk.mp3")
        let root = try InboxRoot(path: folder.path("inbox"))
        let isBroken = Flag()
        let faulty = FaultyFileSystem(LocalFileSystem(root)) { step in
            step.name == "list" && isBroken.isSet ? EACCES : nil
        }
        let told = EventRecorder()
        let watcher = InboxWatcher(
            root: root, fileSystem: faulty, configuration: WatchedFolder.quick,
            isKnown: { $0.map { _ in false } }, handler: { told.add($0) }, logger: .init(label: "watch"))
        await withThrowingTaskGroup { group in
            group.addTask { try await watcher.run() }
            await watcher.ready()
            #expect(await watcher.board.issues == [.unreadable])
            isBroken.clear()
            #expect(await waitUntil { told.names == ["user/talk.mp3"] })
            #expect(await waitUntil { await watcher.board.issues.isEmpty })
            group.cancelAll()
        }
    }

    /// Its event arrives when the tree has the folder already: it may be the second one of that name.
    @Test func aFolderThatAScanFindsBeforeItsEventIsReadIsToldGone() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        let root = try InboxRoot(path: folder.path("inbox"))
        let lists = Mutex(0)
        let faulty = FaultyFileSystem(LocalFileSystem(root)) { step in
            // First all folders are watched, then their files are looked at.
            let isSecond =
                step.name == "list"
                && lists.withLock {
                    $0 += 1
                    return $0 == 2
                }
            if isSecond { mkdir(folder.path("inbox/late"), 0o755) }
            return nil
        }
        let told = EventRecorder()
        let watcher = InboxWatcher(
            root: root, fileSystem: faulty, configuration: WatchedFolder.quick,
            isKnown: { $0.map { _ in false } }, handler: { told.add($0) }, logger: .init(label: "watch"))
        await withThrowingTaskGroup { group in
            group.addTask { try await watcher.run() }
            #expect(await waitUntil { told.gone == ["late"] && told.scans == 1 })
            group.cancelAll()
        }
    }

    /// Room for five names, fifty files, and a handler that holds back.
    @Test func aFullWatcherLosesNothingAndHoldsLittle() async throws {
        var configuration = WatchedFolder.quick
        (configuration.capacity, configuration.concurrency) = (5, 2)
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox/early")
        for number in 0..<50 { try folder.write("x", to: "inbox/early/\(number).mp3") }
        let seen = Mutex<Set<InboxPath>>([])
        let watched = try WatchedFolder(
            configuration, in: folder,
            isKnown: { candidates in
                candidates.map { candidate in seen.withLock { $0.contains(candidate.path) } }
            },
            handler: { inboxEvent in
                if case .stable(let path, _) = inboxEvent { _ = seen.withLock { $0.insert(path) } }
                await Task.yield()
            })
        try await watched.watch {
            try watched.folder.makeFolder("inbox/late")
            for number in 0..<50 { try watched.write("x", to: "late/\(number).mp3") }
            var most = 0
            let areAllTold = await waitUntil {
                most = max(most, await watched.watcher.waiting)
                return Set(watched.reported.files).count == 100
            }
            #expect(areAllTold)
            // For a folder, a removal may be reported as well, even for this new one, if the first scan found
            // it before the event of its creation was read. This never happens for files.
            #expect(most <= 5 + watched.reported.gone.count)
            #expect(watched.reported.gone.allSatisfy { $0 == "late" })
        }
    }

    /// The handlers are held back, so that most events find no room.
    @Test func eventsThatFindNoRoomAreMadeGoodByScans() async throws {
        var configuration = WatchedFolder.quick
        (configuration.capacity, configuration.concurrency) = (5, 2)
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox/user")
        for number in 0..<20 { try folder.write("x", to: "inbox/user/old\(number).mp3") }
        let isHeld = Flag()
        let watched = try WatchedFolder(
            configuration, in: folder,
            isKnown: { $0.map { $0.path.text.contains("old") || $0.status.kind == .folder } },
            handler: { inboxEvent in
                if inboxEvent != .scanFinished { _ = await waitUntil { !isHeld.isSet } }
            })
        try await watched.watch {
            #expect(await waitUntil { watched.reported.scans == 1 })
            for number in 0..<50 { try watched.write("x", to: "user/\(number).mp3") }
            for number in 0..<20 { watched.folder.remove("inbox/user/old\(number).mp3") }
            #expect(await waitUntil { await watched.watcher.waiting == 5 })
            isHeld.clear()
            #expect(await waitUntil { Set(watched.reported.files).count == 50 })
            // Removed files are noticed when the whole inbox has been compared.
            #expect(await waitUntil { watched.reported.scans >= 2 })
        }
    }

    /// Forty of one user's names fill the room while the handlers hold them back.
    private func flooded(_ isHeld: Flag) throws -> WatchedFolder {
        var configuration = WatchedFolder.quick
        (configuration.capacity, configuration.concurrency) = (18, 2)
        let folder = try TemporaryFolder()
        for user in ["many", "one"] { try folder.makeFolder("inbox/\(user)") }
        for number in 0..<40 { try folder.write("x", to: "inbox/many/\(number).mp3") }
        return try WatchedFolder(
            configuration, in: folder,
            handler: { inboxEvent in
                guard case .stable(let path, _) = inboxEvent, path.text.hasPrefix("many/") else { return }
                _ = await waitUntil { !isHeld.isSet }
            })
    }

    @Test func aFloodLeavesRoomForSomebodyElse() async throws {
        let isHeld = Flag()
        let watched = try flooded(isHeld)
        try await watched.watch {
            #expect(await waitUntil { await watched.watcher.waiting >= 16 })
            // One file is reported by an event, the other by the scan that adds a watch to its new folder.
            try watched.write("x", to: "one/a.mp3")
            try watched.folder.makeFolder("inbox/new/deep")
            try watched.write("x", to: "new/deep/b.mp3")
            #expect(await waitUntil { watched.reported.names.contains("one/a.mp3") })
            #expect(await waitUntil { watched.reported.names.contains("new/deep/b.mp3") })
            #expect(!watched.reported.names.contains { $0.hasPrefix("many/") && $0.hasSuffix(".mp3") })
            #expect(watched.reported.scans == 0)
            isHeld.clear()
            #expect(
                await waitUntil { Set(watched.reported.files).count == 42 && watched.reported.scans >= 1 })
        }
    }

    /// Like ``aFloodLeavesRoomForSomebodyElse()``, but the kernel lost the event of the other user's file.
    @Test func lostEventOfAnotherUserIsFoundDuringAFlood() async throws {
        let isHeld = Flag()
        let watched = try flooded(isHeld)
        try await watched.watch {
            #expect(await waitUntil { await watched.watcher.waiting >= 16 })
            await watched.watcher.loseWatches(polling: false)
            try watched.write("x", to: "one/a.mp3")
            await watched.watcher.rescan()
            #expect(await waitUntil { watched.reported.names.contains("one/a.mp3") })
            #expect(watched.reported.scans == 0)
            isHeld.clear()
            #expect(
                await waitUntil { Set(watched.reported.files).count == 41 && watched.reported.scans >= 1 })
        }
    }

    @Test func aCancelledWatcherEndsAtOnceEvenWhileItIsFull() async throws {
        var configuration = WatchedFolder.quick
        (configuration.capacity, configuration.concurrency) = (1, 1)
        let folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        for number in 0..<20 { try folder.write("x", to: "inbox/\(number).mp3") }
        let watched = try WatchedFolder(
            configuration, in: folder,
            handler: { _ in
                try? await Task.sleep(for: .seconds(600))
            })
        try await watched.watch {
            #expect(await waitUntil { await watched.watcher.waiting >= 1 })
        }
    }

    private func kernelQueueLength() throws -> Int {
        let descriptor = try SystemError.check("open") {
            open("/proc/sys/fs/inotify/max_queued_events", O_RDONLY)
        }
        let file = OpenFile(owning: descriptor)
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = read(file.descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return try #require(Int(text.split(separator: "\n").first ?? ""))
    }
}

private final class Flag: Sendable {
    private let value = Mutex(true)
    var isSet: Bool { value.withLock { $0 } }
    func clear() { value.withLock { $0 = false } }
}

extension WatchedFolder {
    fileprivate var isRootMissing: Bool {
        get async {
            await watcher.board.issues.contains { if case .rootMissing = $0 { true } else { false } }
        }
    }
}

extension InboxWatcher {
    var inotify: Inotify? { watches.inotify }

    /// Files that are still being written, and events that are not delivered yet.
    fileprivate var waiting: Int { names.count }

    /// Drops all watches, as if the kernel had refused them.
    fileprivate func loseWatches(polling: Bool = true) {
        var folders = [watches.tree.root]
        for watch in Int32(1)...64 {
            guard let folder = watches.tree.folder(watchedBy: watch) else { continue }
            watches.inotify?.unwatch(watch)
            _ = watches.tree.setWatch(nil, of: folder)
            if folder != watches.tree.root { folders.append(folder) }
        }
        if polling { for folder in folders { watches.poll(folder) } }
    }
}
