import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibPOSIX

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
        #expect(try files.openForReading(path).file.accessList.isEmpty)
        // Not every file system supports access lists.
        guard try await AccessList.set(folder.path("a"), reader: 1234) else { return }
        #expect(try files.openForReading(path).file.accessList.count == 44)
    }
}
