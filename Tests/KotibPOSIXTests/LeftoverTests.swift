import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

/// Files that a crash may leave, simulated by a file system on which everything fails from one step on.
@Suite struct LeftoverTests {
    @Test func afterACrashAtAnyStepNothingIsLostAndLittleIsLeft() throws {
        let path = try #require(InboxPath("talk.txt"))
        for number in 0..<15 {
            let folder = try TemporaryFolder()
            let root = try InboxRoot(path: folder.path)
            let real = LocalFileSystem(root)
            let old = try AtomicFile(real).write(Array("old".utf8), at: path).identity
            let crashed = FaultyFileSystem(real) { $0.number >= number ? EIO : nil }
            _ = try? AtomicFile(crashed).write(Array("new".utf8), at: path, replacing: old)
            let kept = try clean(folder, root)
            let standing = folder.read("talk.txt")
            #expect(standing == "old" || standing == "new")
            // After the exchange the old file has the swap name, which tells of both.
            #expect(kept.isEmpty)
            #expect(try folder.names() == ["talk.txt"])
        }
    }

    /// Between the last look and the exchange a person writes into the old file, and then the daemon ends.
    @Test(arguments: ["rename exchange", "rename keep"])
    func fileWrittenDuringTheExchangeIsKept(_ step: String) throws {
        let path = try #require(InboxPath("talk.txt"))
        let folder = try TemporaryFolder()
        let root = try InboxRoot(path: folder.path)
        let real = LocalFileSystem(root)
        let old = try AtomicFile(real).write(Array("old".utf8), at: path).identity
        let isOver = Shared(false)
        let crashed = FaultyFileSystem(real) { seen in
            if isOver.value { return EIO }
            if seen.name == step, step == "rename exchange" || folder.read("talk.txt") == "old" {
                isOver.value = true
                try? folder.write("by a person", to: "talk.txt")
            }
            return nil
        }
        if step == "rename exchange" {
            _ = try? AtomicFile(crashed).write(Array("new".utf8), at: path, replacing: old)
        } else {
            _ = try? AtomicFile(crashed).remove(path, ifStill: old)
        }
        try #require(isOver.value)
        let kept = try clean(folder, root)
        #expect(kept.count == 1)
        #expect(kept.first.flatMap { folder.read($0) } == "by a person")
    }

    /// Temporary files had this name before version 0.4.
    @Test func leftoversOfAnEarlierVersionAreRemoved() throws {
        let folder = try TemporaryFolder()
        try folder.write("old", to: "x")
        let root = try InboxRoot(path: folder.path)
        let path = try #require(InboxPath("x"))
        let inode = try #require(try LocalFileSystem(root).examine(path)).identity.inode
        try folder.rename("x", to: ".kotib-\(String(inode, radix: 16))-1.swap")
        #expect(try clean(folder, root).isEmpty)
        #expect(try folder.names().isEmpty)
    }

    @Test func aFileThatMayBeInUseStays() throws {
        let folder = try TemporaryFolder()
        try folder.write("half", to: ".kotib-1.tmp")
        let root = try InboxRoot(path: folder.path)
        _ = try AtomicFile(LocalFileSystem(root))
            .removeStaleTemporaries([Array(".kotib-1.tmp".utf8)], in: root.folder, now: now())
        #expect(try folder.names() == [".kotib-1.tmp"])
    }

    @Test func aStrangersFileUnderASwapNameIsKeptAndTold() throws {
        let folder = try TemporaryFolder()
        try folder.write("a stranger's", to: ".kotib-1-2.swap")
        let kept = try clean(folder, InboxRoot(path: folder.path))
        #expect(kept == [".kotib-1-2.swap"])
        #expect(folder.read(".kotib-1-2.swap") == "a stranger's")
    }

    @Test func otherNamesAndKindsArePassedOver() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "other.tmp")
        try folder.makeFolder(".kotib-1.tmp")
        #expect(try clean(folder, InboxRoot(path: folder.path)).isEmpty)
        #expect(try folder.names() == [".kotib-1.tmp", "other.tmp"])
    }

    private func clean(_ folder: TemporaryFolder, _ root: InboxRoot) throws -> [String] {
        let names = try folder.names().map { Array($0.utf8) }
        return try AtomicFile(LocalFileSystem(root))
            .removeStaleTemporaries(names, in: root.folder, now: now() + 61_000_000_000)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
