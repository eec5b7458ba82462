import Dispatch
import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Another file is put in the place of the open catalog's.
@Suite(.timeLimit(.minutes(1))) struct DisplacedCatalogTests {
    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func count(_ catalog: Catalog) async throws -> Int? {
        try await catalog.database.search("test") {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM audio_records")
        }
    }

    /// Puts a catalog with three recordings, or a file that is no log, in the place of a file. The open log
    /// is empty, so that nothing of it can be taken for the other's.
    private func replace(_ ending: String, of catalog: Catalog) async throws {
        try await catalog.database.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        let other = try await Catalog.open(folder.path("other.sqlite"))
        for number in 1...3 {
            try await other.ingest.accept(
                "vali/\(number).mp3", content: UInt8(number), inode: UInt64(number))
        }
        try await other.close()
        try folder.rename("kotib.sqlite" + ending, to: "away")
        if ending.isEmpty {
            try folder.rename("other.sqlite", to: "kotib.sqlite")
        } else {
            try folder.write("another", to: "kotib.sqlite" + ending)
        }
    }

    @Test(arguments: ["", "-wal"]) func noNewConnectionReadsIt(ending: String) async throws {
        let catalog = try await Catalog.open(file)
        try await catalog.ingest.accept("ali/1.mp3")
        try await replace(ending, of: catalog)
        let error = await #expect(throws: CatalogError.self) { try await self.count(catalog) }
        #expect(error?.isRetryable == true)
        #expect(try #require(error).description.contains("removed or replaced"))
        // Open connections go on.
        try await catalog.ingest.accept("ali/2.mp3", content: 2, inode: 2)
        #expect(try await catalog.recordings.counts() == [.pending: 2])
        try folder.rename("away", to: "kotib.sqlite" + ending)
        #expect(try await count(catalog) == 2)
        try await catalog.close()
        let again = try await Catalog.open(file)
        #expect(try await again.recordings.counts() == [.pending: 2])
        try await again.close()
    }

    /// Also while the connections that are open are busy.
    @Test func theBackupIsOfTheOpenFile() async throws {
        let catalog = try await Catalog.open(file)
        try await catalog.ingest.accept("ali/1.mp3")
        try await replace("", of: catalog)
        let (began, end) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
        async let reading: Void = catalog.database.read("test") { _ in
            began.continuation.yield()
            end.wait()
        }
        defer { end.signal() }
        for await _ in began.stream { break }
        try await catalog.backUp(to: folder.path("backup"))
        end.signal()
        try await reading
        try await catalog.close()
        let copy = try await Catalog.open(folder.path("backup"))
        #expect(try await copy.recordings.counts() == [.pending: 1])
        try await copy.close()
    }
}
