import Foundation
import KotibTestSupport
import Testing

@testable import KotibDaemon

@Suite struct LockTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("one")
        try folder.makeFolder("two")
    }

    private func configuration(_ state: String, database: String = "") -> Configuration {
        var configuration = Configuration()
        configuration.state = folder.path(state)
        configuration.database = database
        return configuration
    }

    /// A daemon with the catalog in its state folder, or elsewhere, and another with another state folder.
    @Test(arguments: [false, true]) func aCatalogIsOneDaemons(isElsewhere: Bool) async throws {
        let catalog = folder.path(isElsewhere ? "kotib.sqlite" : "one/kotib.sqlite")
        let first = configuration("one", database: isElsewhere ? catalog : "")
        let locks = try await Daemon.takeLocks(first)
        let error = await #expect(throws: CatalogInUse.self) {
            _ = try await Daemon.takeLocks(self.configuration("two", database: catalog))
        }
        let description = try #require(error?.description)
        #expect(description.contains(catalog) && description.contains("process \(getpid())"))
        #expect(error.map(ExitStatus.code) == ExitStatus.busy)
        await #expect(throws: StateFolderInUse.self) { _ = try await Daemon.takeLocks(first) }
        withExtendedLifetime(locks) {}
    }

    @Test func otherCatalogsInTheFolderAreFree() async throws {
        let locks = try await Daemon.takeLocks(configuration("one", database: folder.path("a.sqlite")))
        let others = try await Daemon.takeLocks(configuration("two", database: folder.path("b.sqlite")))
        withExtendedLifetime((locks, others)) {}
    }
}
