import Glibc
import KotibHealth
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibWatch

/// Symbolic links in the place of users' folders, which are not followed. The full scan that is due after
/// five minutes helps none of these tests.
@Suite struct LinkedFolderTests {
    private let watched: WatchedFolder

    init() throws {
        watched = try WatchedFolder()
        try watched.folder.makeFolder("elsewhere")
    }

    private func link(_ name: String) throws {
        let result = symlink("../elsewhere", watched.path(name))
        try #require(result == 0)
    }

    /// The readable names of the links that are told; empty where there is no problem at all.
    private func told() async throws -> [String] {
        let (links, issues) = await watched.watcher.linksAndIssues
        try #require(issues.isSubset(of: [.linkedFolders]))
        #expect(issues.isEmpty == links.isEmpty)
        return links
    }

    /// Watches, and begins when the scan of the start is over.
    private func watch(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await watched.watch {
            try await watched.scanned()
            try await body()
        }
    }

    @Test func aLinkThatWasThereAtTheStartIsTold() async throws {
        for name in ["ali", "README.txt", ".hidden", "@eaDir", "x.part"] { try link(name) }
        try await watch {
            let names = try await told()
            #expect(names == ["ali"])
        }
    }

    @Test func aLinkIsToldAtOnceUntilItIsRemoved() async throws {
        try await watch {
            try link("ali")
            try await waitUntil("it is told") { try await told() == ["ali"] }
            watched.folder.remove("inbox/ali")
            try await waitUntil("it is told no longer") { try await told().isEmpty }
        }
        #expect(watched.reported.scans == 1)
    }

    @Test func aLinkIsToldNoLongerWhenItIsRenamedOrIsAFolder() async throws {
        try await watch {
            try link("ali")
            try link("guli")
            try await waitUntil("both are told") { try await told() == ["ali", "guli"] }
            try watched.folder.rename("inbox/ali", to: "inbox/vali")
            try await waitUntil("the new name is told") { try await told() == ["guli", "vali"] }
            try watched.folder.rename("inbox/vali", to: "vali")
            try await waitUntil("one is left") { try await told() == ["guli"] }
            watched.folder.remove("inbox/guli")
            try watched.folder.makeFolder("inbox/guli")
            try await waitUntil("none is left") { try await told().isEmpty }
        }
        #expect(watched.reported.scans == 1)
    }

    @Test func aFolderThatBecomesALinkIsTold() async throws {
        try watched.folder.makeFolder("inbox/ali")
        try await watch {
            try watched.folder.rename("inbox/ali", to: "ali")
            try link("ali")
            try await waitUntil("it is told") { try await told() == ["ali"] }
        }
    }

    /// A folder of such a name is a user's.
    @Test func aLinkWithADotInItsNameIsToldAsWell() async throws {
        try link("ali.valiyev")
        try await watch {
            try await waitUntil("it is told") { try await told() == ["ali.valiyev"] }
            try link("guli.v")
            try await waitUntil("it is told") { try await told() == ["ali.valiyev", "guli.v"] }
        }
    }

    @Test func linksThatStandForNoUsersFolderAreNotTold() async throws {
        try watched.folder.makeFolder("inbox/ali")
        try await watch {
            for name in ["README.txt", ".hidden", "@eaDir", "x.part", "ali/sub", "last"] { try link(name) }
            try await waitUntil("the last is told") { try await told().contains("last") }
            let names = try await told()
            #expect(names == ["last"])
        }
    }

    @Test func pollingReportsALinkedFolder() async throws {
        var configuration = WatchedFolder.quick
        configuration.mode = .poll
        let watched = try WatchedFolder(configuration)
        try watched.folder.makeFolder("elsewhere")
        try await watched.watch {
            try await watched.scanned()
            try #require(symlink("../elsewhere", watched.path("ali")) == 0)
            try await waitUntil("it is told") { await watched.watcher.health.linkedFolders == ["ali"] }
            watched.folder.remove("inbox/ali")
            try await waitUntil("it is told no longer") { await watched.watcher.board.issues.isEmpty }
        }
    }
}

extension InboxWatcher {
    /// A snapshot of both, which the watcher changes together.
    fileprivate var linksAndIssues: (links: [String], issues: Set<HealthIssue>) {
        (health.linkedFolders, board.issues)
    }
}
