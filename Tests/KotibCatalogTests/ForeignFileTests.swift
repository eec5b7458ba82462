import FoundationEssentials
import GRDB
import Glibc
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// A file that is not Kotib's is refused as it is.
@Suite(.timeLimit(.minutes(1))) struct ForeignFileTests {
    enum Foreign: CaseIterable, Sendable {
        /// A database in each of SQLite's modes.
        case rollback, writeAhead
        /// Its program uses GRDB, too.
        case migrated
        /// Its tables are in its log.
        case withLog
        /// It was put beside the log of a catalog.
        case besideLog
        /// No database, beside the log of a catalog.
        case picture
    }

    private let folder: TemporaryFolder
    private var file: String { folder.path("kotib.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    private func fill(_ database: some DatabaseWriter) throws {
        try database.write { try $0.execute(sql: "CREATE TABLE other (x); INSERT INTO other VALUES (1)") }
    }

    private func copy(_ name: String, _ endings: [String]) throws {
        for ending in endings {
            try FileManager.default.copyItem(
                atPath: folder.path(name) + ending, toPath: file + ending)
        }
    }

    private func make(_ foreign: Foreign) async throws {
        switch foreign {
        case .rollback:
            let queue = try DatabaseQueue(path: file)
            try fill(queue)
            try queue.close()
        case .migrated:
            let queue = try DatabaseQueue(path: file)
            var migrator = DatabaseMigrator()
            migrator.registerMigration("1") { try $0.execute(sql: "CREATE TABLE other (x)") }
            try migrator.migrate(queue)
            try queue.close()
        case .writeAhead:
            let pool = try DatabasePool(path: file)
            try fill(pool)
            try pool.close()
        case .withLog:
            let pool = try DatabasePool(path: folder.path("other"))
            try fill(pool)
            try copy("other", ["", "-wal"])
            try pool.close()
            folder.remove("other")
        case .besideLog, .picture:
            let catalog = try await Catalog.open(folder.path("other"))
            try await catalog.ingest.accept("ali/1.mp3")
            try copy("other", ["-wal", "-shm"])
            try await catalog.close()
            folder.remove("other")
            if foreign == .picture {
                try folder.write(String(repeating: "no database", count: 9000), to: "kotib.sqlite")
            } else {
                // Elsewhere, since SQLite would take the log for its own.
                let queue = try DatabaseQueue(path: folder.path("other"))
                try fill(queue)
                try queue.close()
                try folder.rename("other", to: "kotib.sqlite")
            }
        }
    }

    /// A start that is killed leaves the table of migrations alone.
    @Test func aCatalogThatWasJustBegunIsNotForeign() async throws {
        let queue = try DatabaseQueue(path: file)
        try await queue.write {
            try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        try queue.close()
        try await Catalog.open(file).close()
    }

    /// The index is none of the data.
    private func contents() throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try folder.names() where !name.hasSuffix("-shm") {
            files[name] = try Data(contentsOf: URL(filePath: folder.path(name)))
        }
        return files
    }

    @Test(arguments: Foreign.allCases) func nothingIsWrittenToIt(_ foreign: Foreign) async throws {
        try await make(foreign)
        let before = try contents()
        for _ in 1...2 {
            let error = await #expect(throws: CatalogError.self) { try await Catalog.open(self.file) }
            #expect(error?.code == (foreign == .picture ? .corrupt : .missing))
            #expect(try contents() == before)
        }
    }
}
