import GRDB
import KotibModel
import KotibTestSupport
import Synchronization
import Testing

@testable import KotibCatalog

/// Counts what reaches the disk.
private final class CommitCounter: TransactionObserver, Sendable {
    private let commits = Mutex(0)
    var count: Int { commits.withLock { $0 } }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
}

struct GroupCommitTests {
    @Test func aThousandArrivalsShareFewCommits() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        let counter = CommitCounter()
        catalog.database.writer.add(transactionObserver: counter, extent: .databaseLifetime)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1000 {
                group.addTask { try await catalog.ingest.accept("user\(number % 3)/\(number).mp3") }
            }
            try await group.waitForAll()
        }
        #expect(try await catalog.recordings.counts() == [.pending: 1000])
        #expect(counter.count <= 50)
        try await catalog.close()
    }

    @Test func anIdleWriterCommitsAtOnce() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        let counter = CommitCounter()
        catalog.database.writer.add(transactionObserver: counter, extent: .databaseLifetime)
        for number in 1...5 {
            try await catalog.ingest.accept("alisher/\(number).mp3")
            #expect(counter.count == number)
        }
        try await catalog.close()
    }

    @Test func oneThatFailsTakesNothingOfTheOthersWithIt() async throws {
        let catalog = try memoryCatalog()
        let failures = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    do throws(CatalogError) {
                        try await catalog.database.write("test") { database in
                            let folder = "user\(number)"
                            _ = try database.user(inFolder: UserFolder(stringLiteral: folder), now: noon)
                            if number % 10 == 0 {
                                try database.execute(sql: "INSERT INTO users DEFAULT VALUES")
                            }
                        }
                        return false
                    } catch {
                        return error.code == .constraint && !error.isRetryable
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 20)
        let users = try await catalog.database.read("test") {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM users")
        }
        #expect(users == 180)
    }

    @Test func aTransactionThatIsLostIsToldToAllItsCallers() async throws {
        let catalog = try memoryCatalog()
        let outcomes = await withTaskGroup(of: CatalogError.Code?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    do throws(CatalogError) {
                        try await catalog.database.write("test") { database in
                            _ = try database.user(
                                inFolder: UserFolder(stringLiteral: "user\(number)"), now: noon)
                            if number == 25 { try database.execute(sql: "ROLLBACK") }
                        }
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            return await group.reduce(into: [CatalogError.Code?]()) { $0.append($1) }
        }
        let kept = try await catalog.database.read("test") {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM users")
        }
        #expect(outcomes.count { $0 == nil } == kept)
        #expect(outcomes.contains(.rolledBack))
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .rolledBack })
    }

    /// All callers of the group get the error that ended the transaction, which an administrator can act on.
    @Test func aTransactionThatAFullDiskEndsIsToldToBeThat() async throws {
        let catalog = try memoryCatalog()
        let outcomes = await withTaskGroup(of: CatalogError.Code?.self) { group in
            for number in 0..<50 {
                group.addTask {
                    do throws(CatalogError) {
                        try await catalog.database.write("test") { database in
                            _ = try database.user(
                                inFolder: UserFolder(stringLiteral: "user\(number)"), now: noon)
                            guard number == 25 else { return }
                            try database.execute(sql: "ROLLBACK")
                            throw DatabaseError(resultCode: .SQLITE_FULL)
                        }
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            return await group.reduce(into: [CatalogError.Code?]()) { $0.append($1) }
        }
        #expect(outcomes.contains(.full))
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .full })
    }

    @Test func aCancelledCallerStillReachesTheDisk() async throws {
        let catalog = try memoryCatalog()
        let id = try await catalog.ingest.accept("alisher/a.mp3").recording
        _ = try await catalog.jobs.claim(now: noon)
        let ended = try await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await catalog.jobs.handBack(id, now: noon)
        }.value
        #expect(ended == .recorded)
        #expect(try await catalog.recordings.state(id) == .pending)
    }
}
