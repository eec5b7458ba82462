import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

/// What a crash may leave: simulated by a file system on which, from one step on, everything fails.
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
            // After the exchange the old file has a swap name, and the folder alone does not tell whose it was.
            for name in kept { #expect(standing == "new" && folder.read(name) == "old") }
            #expect(kept.count <= 1)
            #expect(try folder.names().count == 1 + kept.count)
        }
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
