import Glibc
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@Suite struct OpenFileTests {
    @Test(arguments: [1_700_000_000_123_456_789, 0, -1_500_000_000])
    func theTimeOfAFileIsSet(time: Int64) throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a")
        let files = LocalFileSystem(try InboxRoot(path: folder.path))
        let path = try #require(InboxPath("a"))
        try files.setModified(time, of: files.openForReading(path).file)
        #expect(try files.examine(path)?.identity.modified == time)
    }

    @Test func anAccessListIsSeenWhereThereIsOne() async throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a")
        let files = LocalFileSystem(try InboxRoot(path: folder.path))
        let path = try #require(InboxPath("a"))
        #expect(try !files.openForReading(path).file.hasAccessList)
        // Version 2: the owner rw-, user 1234 r--, the group r--, the mask r--, others ---
        // (linux/posix_acl_xattr.h).
        let list: [UInt8] = [
            2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 210, 4, 0, 0, 4, 0, 4, 0, 255, 255, 255,
            255,
            16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
        ]
        let program =
            "import os,sys; os.setxattr(sys.argv[1], 'system.posix_acl_access', bytes(map(int, sys.argv[2:])))"
        let made = try await Command.run(
            "python3", ["-c", program, folder.path("a")] + list.map { String($0) })
        // Not every file system has them.
        guard made.end == .exited(0) else { return }
        #expect(try files.openForReading(path).file.hasAccessList)
    }
}
