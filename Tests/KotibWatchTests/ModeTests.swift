import Glibc
import KotibHealth
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibWatch

/// The watch modes; and when a folder that replaced the inbox is trusted.
@Suite struct ModeTests {
    @Test func pollingModeOpensNoInotify() async throws {
        var configuration = WatchedFolder.quick
        configuration.mode = .poll
        let watched = try WatchedFolder(configuration)
        try await watched.watch {
            try watched.folder.makeFolder("inbox/user/sub")
            try watched.write("x", to: "user/sub/talk.mp3")
            #expect(await waitUntil { watched.reported.names == ["user/sub/talk.mp3"] })
            let health = await watched.watcher.health
            #expect(health.watchedFolders == 0 && health.polledFolders == 3)
            #expect(await watched.watcher.board.issues.isEmpty)
        }
    }

    @Test func aFolderThatReplacesTheInboxIsNotTrustedAtOnce() async throws {
        var configuration = WatchedFolder.quick
        configuration.replacedRootDelay = .seconds(600)
        let watched = try WatchedFolder(configuration)
        try await watched.watch {
            try watched.folder.rename("inbox", to: "away")
            try watched.folder.makeFolder("inbox/user")
            try watched.write("x", to: "user/one.mp3")
            #expect(await waitUntil { watched.reported.names == ["user/one.mp3"] })
            #expect(await watched.watcher.board.issues == [.rootReplaced])
        }
    }

    @Test func anInboxThatIsAwayAndComesBackIsTheSame() async throws {
        var configuration = WatchedFolder.quick
        configuration.replacedRootDelay = .seconds(600)
        let watched = try WatchedFolder(configuration)
        try await watched.watch {
            try watched.folder.rename("inbox", to: "away")
            #expect(await waitUntil { await !watched.watcher.board.issues.isEmpty })
            try watched.folder.rename("away", to: "inbox")
            try watched.write("x", to: "one.mp3")
            #expect(await waitUntil { watched.reported.names == ["one.mp3"] })
            #expect(await watched.watcher.board.issues.isEmpty)
        }
    }
}
