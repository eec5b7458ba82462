import Glibc
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibWatch

/// Folders that come, move and go while they are watched.
@Suite struct FolderTests {
    @Test func filesPutIntoANewFolderAtOnceAreSeen() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            for number in 0..<300 {
                try watched.folder.makeFolder("inbox/\(number)/a/b")
                try watched.write("x", to: "\(number)/a/b/talk.mp3")
            }
            #expect(await waitUntil { watched.reported.files.count >= 300 })
            #expect(await watched.watcher.health.watchedFolders == 901)
        }
        #expect(Set(watched.reported.names) == Set((0..<300).map { "\($0)/a/b/talk.mp3" }))
        #expect(watched.reported.files.count == 300)
    }

    @Test func aFolderMovedWithinKeepsBeingWatchedAtItsNewPlace() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try watched.folder.makeFolder("inbox/old/sub")
            try watched.write("x", to: "old/sub/one.mp3")
            #expect(await waitUntil { watched.reported.names == ["old/sub/one.mp3"] })
            try watched.folder.rename("inbox/old", to: "inbox/new")
            #expect(await waitUntil { watched.reported.names.contains("new/sub/one.mp3") })
            #expect(watched.reported.gone.contains("old"))
            try watched.write("x", to: "new/sub/two.mp3")
            #expect(await waitUntil { watched.reported.names.contains("new/sub/two.mp3") })
            #expect(await watched.watcher.health.watchedFolders == 3)
        }
    }

    @Test func aFolderMovedOutIsGoneAndNoLongerWatched() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try watched.folder.makeFolder("inbox/user/sub")
            try watched.write("x", to: "user/sub/one.mp3")
            #expect(await waitUntil { watched.reported.files.count == 1 })
            try watched.folder.rename("inbox/user", to: "outside")
            #expect(await waitUntil { watched.reported.gone.contains("user") })
            // The number of watches that the kernel reports (proc_pid_fdinfo(5)).
            #expect(await waitUntil { (try? await watched.kernelWatches()) == 1 })
            try watched.folder.write("x", to: "outside/sub/two.mp3")
            try watched.write("x", to: "last.mp3")
            #expect(await waitUntil { watched.reported.names.contains("last.mp3") })
            #expect(await watched.watcher.health.watchedFolders == 1)
        }
        #expect(watched.reported.names == ["last.mp3", "user/sub/one.mp3"])
    }

    @Test func aFolderMovedInIsScannedAndItsOldFilesAreToldAtOnce() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try watched.folder.makeFolder("outside/a/b")
            try watched.folder.write("x", to: "outside/a/b/one.mp3")
            try watched.folder.rename("outside", to: "inbox/user")
            #expect(await waitUntil { watched.reported.names == ["user/a/b/one.mp3"] })
        }
    }

    @Test func oneFolderTakingTheNameOfAnotherIsTheNewOne() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try watched.folder.makeFolder("inbox/user")
            try watched.write("x", to: "user/old.mp3")
            #expect(await waitUntil { watched.reported.names == ["user/old.mp3"] })
            try watched.folder.makeFolder("other")
            try watched.folder.write("x", to: "other/new.mp3")
            try watched.folder.rename("inbox/user", to: "away")
            try watched.folder.rename("other", to: "inbox/user")
            try watched.folder.write("x", to: "away/unseen.mp3")
            #expect(await waitUntil { watched.reported.names.contains("user/new.mp3") })
            try watched.write("x", to: "user/later.mp3")
            #expect(await waitUntil { watched.reported.names.contains("user/later.mp3") })
        }
        #expect(watched.reported.gone.contains("user"))
        #expect(watched.reported.names == ["user/later.mp3", "user/new.mp3", "user/old.mp3"])
    }

    @Test func foldersThatComeAndGoLeaveNothingBehind() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            for number in 0..<200 {
                try watched.folder.makeFolder("inbox/user/a")
                try watched.write("\(number)", to: "user/a/talk.mp3")
                watched.folder.remove("inbox/user")
            }
            try watched.folder.makeFolder("inbox/user/a")
            try watched.write("last", to: "user/a/talk.mp3")
            #expect(await waitUntil { watched.reported.status(of: "user/a/talk.mp3")?.identity.size == 4 })
            #expect(await waitUntil { await watched.watcher.health.watchedFolders == 3 })
        }
    }

    /// A tree that is moved about while files come into it: at the end each is told at its last place.
    @Test func churnLosesNothing() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            try watched.folder.makeFolder("inbox/0/sub")
            for number in 0..<300 {
                try watched.write("x", to: "\(number)/sub/\(number).mp3")
                try watched.folder.rename("inbox/\(number)", to: "inbox/\(number + 1)")
            }
            let expected = Set((0..<300).map { "300/sub/\($0).mp3" })
            #expect(await waitUntil { expected.isSubset(of: watched.reported.names) })
        }
    }

    @Test func tooDeepFoldersAreSaidAndNotEntered() async throws {
        var configuration = WatchedFolder.quick
        configuration.deepest = 3
        let watched = try WatchedFolder(configuration)
        try await watched.watch {
            try watched.folder.makeFolder("inbox/1/2/3/4/5")
            try watched.write("x", to: "1/2/3/4/deep.mp3")
            try watched.write("x", to: "1/2/3/shallow.mp3")
            #expect(await waitUntil { watched.reported.names == ["1/2/3/shallow.mp3"] })
            #expect(await watched.watcher.board.issues == [.tooDeep])
        }
    }

    @Test func longPathsDoNotStopTheWatcher() async throws {
        let watched = try WatchedFolder()
        try await watched.watch {
            let long = String(repeating: "n", count: 250)
            var folder = open(watched.folder.path("inbox"), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            for _ in 0..<20 {
                #expect(mkdirat(folder, long, 0o755) == 0)
                let next = openat(folder, long, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                close(folder)
                folder = next
            }
            close(folder)
            #expect(await waitUntil { await watched.watcher.board.issues == [.tooDeep] })
            try watched.write("x", to: "last.mp3")
            #expect(await waitUntil { watched.reported.names == ["last.mp3"] })
        }
    }
}

extension WatchedFolder {
    fileprivate func kernelWatches() async throws -> Int {
        let inotify = try #require(await watcher.inotify)
        let stream = try #require(fopen("/proc/self/fdinfo/\(inotify.file.descriptor)", "r"))
        defer { fclose(stream) }
        var line = [CChar](repeating: 0, count: 512)
        var count = 0
        while fgets(&line, Int32(line.count), stream) != nil {
            if line.starts(with: "inotify wd:".utf8.map { CChar(bitPattern: $0) }) { count += 1 }
        }
        return count
    }
}
