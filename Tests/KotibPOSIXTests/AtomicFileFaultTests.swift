import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

/// Each step of each operation fails once: the folder is either unchanged or completely changed, without
/// leftovers.
@Suite struct AtomicFileFaultTests {
    static let name = "talk.mp3.txt"

    @Test(arguments: [ENOSPC, EIO, EACCES])
    func aNewFileAppearsWholeOrNotAtAll(_ code: Int32) throws {
        let failures = try sweep(code, before: nil, after: "new") { atomic, path, _ in
            _ = try atomic.write(Array("new".utf8), at: path)
        }
        #expect(failures >= 8)
    }

    @Test(arguments: [ENOSPC, EIO, EACCES])
    func anOldFileIsReplacedWhollyOrNotAtAll(_ code: Int32) throws {
        let failures = try sweep(code, before: "old", after: "new") { atomic, path, old in
            _ = try atomic.write(Array("new".utf8), at: path, replacing: old)
        }
        #expect(failures >= 11)
    }

    @Test(arguments: [EIO, EACCES])
    func aFileIsRemovedOrStays(_ code: Int32) throws {
        let failures = try sweep(code, before: "old", after: nil) { atomic, path, old in
            if let old { _ = try atomic.remove(path, ifStill: old) }
        }
        #expect(failures >= 4)
    }

    /// A power cut must find the bytes before the name, and the name before the caller goes on.
    @Test func everythingIsSyncedInOrder() throws {
        let folder = try TemporaryFolder()
        let faulty = FaultyFileSystem(LocalFileSystem(try InboxRoot(path: folder.path))) { _ in nil }
        let path = try #require(InboxPath(Self.name))
        let durable = ["write", "synchronize", "rename keep", "rename exchange", "synchronize", "unlink"]
        func steps() -> [String] { faulty.steps.filter { durable.contains($0) } }
        let first = try AtomicFile(faulty).write([1], at: path)
        #expect(steps() == ["write", "synchronize", "rename keep", "synchronize"])
        _ = try AtomicFile(faulty).write([2], at: path, replacing: first.identity)
        #expect(steps().dropFirst(4) == durable[...])
    }

    /// - Returns: how many steps there were whose failure was reported.
    private func sweep(
        _ code: Int32, before: String?, after: String?,
        _ operation: (AtomicFile, InboxPath, FileIdentity?) throws -> Void
    ) throws -> Int {
        let path = try #require(InboxPath(Self.name))
        var failures = 0
        for number in 0..<100 {
            let folder = try TemporaryFolder()
            let real = LocalFileSystem(try InboxRoot(path: folder.path))
            let old = try before.map { try AtomicFile(real).write(Array($0.utf8), at: path).identity }
            let faulty = FaultyFileSystem(real, failing: number, with: code)
            let failed: Bool
            do {
                try operation(AtomicFile(faulty), path, old)
                failed = false
            } catch {
                failed = true
            }
            let names = try folder.names()
            let content = folder.read(Self.name)
            let step = "step \(number) of \(faulty.steps)"
            #expect(names == [Self.name] || names.isEmpty, "\(step)")
            if failed {
                failures += 1
                // A removed file cannot be brought back when the folder's fsync fails; it was to be removed
                // anyway.
                #expect(content == before || after == nil && content == nil, "\(step)")
            } else {
                #expect(content == after, "\(step)")
            }
            if number >= faulty.steps.count { return failures }
        }
        Issue.record("no end of steps")
        return failures
    }
}
