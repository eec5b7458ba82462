import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Whatever step of the exchange is the last one before a crash: the next start has everything.
@Suite(.timeLimit(.minutes(2))) struct RebuildCrashTests {
    private struct Killed: Error {}

    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    /// The main file of a daemon that crashed, and its log, which alone has the last recordings.
    private func crashed() async throws -> [String: Data] {
        let catalog = try await Catalog.open(file)
        for number in 1...5 {
            try await catalog.ingest.accept(
                "ali/\(number).mp3", content: UInt8(number), inode: UInt64(number))
        }
        var files: [String: Data] = [:]
        for ending in ["", "-wal"] { files[ending] = try Data(contentsOf: URL(filePath: file + ending)) }
        try await catalog.close()
        return files
    }

    private func restore(_ files: [String: Data]) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) { folder.remove(name) }
        for (ending, bytes) in files { try bytes.write(to: URL(filePath: file + ending)) }
    }

    private func counted(_ catalog: Catalog) async throws -> Int {
        try await catalog.listing.page(RecordingFilter(scope: .everyone), limit: 1).total
    }

    /// The main file without its log is an older state.
    @Test func nothingIsLostAtAnyStep() async throws {
        let files = try await crashed()
        try restore(files.filter { $0.key.isEmpty })
        let older = try await Catalog.open(file)
        try #require(try await counted(older) < 5)
        try await older.close()

        var (last, exchanged) = (0, 0)
        var isComplete = false
        while !isComplete {
            try restore(files)
            let left = Shared(last)
            var rebuild = CatalogRebuild(file: file, backup: file + ".backup")
            rebuild.beforeStep = { if left.change({ $0 -= 1 }) < 0 { throw Killed() } }
            do throws(CatalogError) {
                _ = try await rebuild.run(now: noon)
                isComplete = true
            } catch {
                #expect(error.code == .other, "\(error)")
            }
            let step = Comment("killed at step \(last)")
            let catalog = try await Catalog.open(file)
            #expect(try await counted(catalog) == 5, step)
            #expect(catalog.losses.isEmpty, step)
            let isNew = try await catalog.adoption.adoptsTexts()
            if isNew { exchanged += 1 }
            try await catalog.close()
            let names = try folder.names()
            #expect(!names.contains { $0.hasSuffix(".exchange") }, step)
            // The earlier one with its log, once.
            let kept = names.filter { $0.contains(".damaged-") }
            #expect(kept.count == (isNew ? 2 : 0), "\(step): \(names)")
            last += 1
        }
        #expect(last > 6 && exchanged > 3)
    }

    /// A crash while the next start completes it changes nothing.
    @Test func theCompletionMayBeInterruptedToo() async throws {
        let files = try await crashed()
        for last in 0..<12 {
            try restore(files)
            var rebuild = CatalogRebuild(file: file, backup: file + ".backup")
            let steps = Shared(3)
            rebuild.beforeStep = { if steps.change({ $0 -= 1 }) < 0 { throw Killed() } }
            await #expect(throws: CatalogError.self) { _ = try await rebuild.run(now: noon) }
            let left = Shared(last)
            let start = CatalogExchange(file: file) { if left.change({ $0 -= 1 }) < 0 { throw Killed() } }
            _ = try? start.complete()
            let catalog = try await Catalog.open(file)
            #expect(try await counted(catalog) == 5, "killed at step \(last)")
            #expect(try await catalog.adoption.adoptsTexts(), "killed at step \(last)")
            try await catalog.close()
            #expect(try folder.names().count { $0.contains(".damaged-") } == 2)
        }
    }

    /// The next run tells of the work of a killed one: the damaged catalog was set aside, not the one that
    /// the killed run made.
    @Test func theSecondRunNamesTheEarlierCatalog() async throws {
        let files = try await crashed()
        var (last, isComplete) = (0, false)
        while true {
            try restore(files)
            let left = Shared(last)
            var rebuild = CatalogRebuild(file: file, backup: file + ".backup")
            rebuild.beforeStep = { if left.change({ $0 -= 1 }) < 0 { throw Killed() } }
            do throws(CatalogError) {
                _ = try await rebuild.run(now: noon)
                isComplete = true
            } catch {
                #expect(error.code == .other, "\(error)")
            }
            if isComplete { break }
            let step = Comment("killed at step \(last)")
            let report = try await CatalogRebuild(file: file, backup: file + ".backup").run(now: noon)
            let aside = try #require(report.setAside, step)
            #expect(try Data(contentsOf: URL(filePath: aside)) == files[""], step)
            #expect(try Data(contentsOf: URL(filePath: aside + "-wal")) == files["-wal"], step)
            #expect(report.rows.first { $0.table == "audio_records" }?.count == 5, step)
            #expect(try folder.names().count { $0.contains(".damaged-") } == 2, step)
            let catalog = try await Catalog.open(file)
            #expect(try await counted(catalog) == 5, step)
            try await catalog.close()
            last += 1
        }
        #expect(last > 7)
    }
}
