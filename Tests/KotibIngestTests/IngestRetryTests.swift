import GRDB
import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Testing

@testable import KotibIngest
@testable import KotibIntake

@Suite struct IngestRetryTests {
    private let state: TemporaryFolder

    init() throws { state = try TemporaryFolder() }

    @Test func inspectorThatCannotStartIsWaitedFor() async throws {
        let inspector = FakeInspector { content, before throws(InspectionError) in
            if before < 8 { throw InspectionError(message: "no worker", retryAfter: .seconds(1)) }
            return .facts(FakeInspector.facts(content))
        }
        let inbox = try IngestFixture(inspector: inspector)
        #expect(try await inbox.drop("speech")?.state == .pending)
        #expect(inbox.inspector.calls == 9)
        #expect(inbox.logged("ingest failed, retrying") == 8)
    }

    @Test func cancellationEndsTheWait() async throws {
        let inspector = FakeInspector { _, _ throws(InspectionError) in
            throw InspectionError(message: "no worker", retryAfter: nil)
        }
        let inbox = try IngestFixture(inspector: inspector)
        try inbox.folder.write("speech", to: "ali/talk.wav")
        let inboxEvent = try inbox.inboxEvent("ali/talk.wav")
        let handling = Task { await inbox.pipeline.handle(inboxEvent) }
        try await waitUntil("it waits") { inbox.logged("ingest failed, retrying") > 0 }
        handling.cancel()
        await handling.value
        #expect(try inbox.rows() == 0)
    }

    /// EIO may pass, so it is tried a few times; ENAMETOOLONG stands for what never does.
    @Test(arguments: [(EIO, IngestRetryLoop.triesOfOneFile), (ENAMETOOLONG, 0)])
    func oneFilesTroubleHoldsUpNobody(code: Int32, retries: Int) async throws {
        let inbox = try IngestFixture { disk in
            FaultyFileSystem(disk) { $0.name == "openForReading" ? code : nil }
        }
        try inbox.folder.write("speech", to: "ali/talk.wav")
        try await inbox.handle("ali/talk.wav")
        #expect(try inbox.rows() == 0)
        #expect(inbox.logged("ingest failed, retrying") == retries)
        #expect(inbox.logged("cannot process file, left to the next scan") == 1)
        // The file is still unknown, so the next scan reports it again.
        let candidates = [try candidate(inbox.inboxEvent("ali/talk.wav"))]
        #expect(await inbox.pipeline.isKnown(candidates) == [false])
    }

    @Test func leaseOfSomebodyElseIsWaitedFor() async throws {
        let inbox = try IngestFixture { disk in
            FaultyFileSystem(disk) { $0.name == "openForReading" && $0.number < 3 ? EAGAIN : nil }
        }
        #expect(try await inbox.drop("speech")?.state == .pending)
    }

    @Test func busyCatalogIsWaitedFor() async throws {
        let inbox = try IngestFixture(database: DatabaseQueue(path: state.path("kotib.sqlite")))
        try inbox.folder.write("speech", to: "ali/talk.wav")
        let inboxEvent = try inbox.inboxEvent("ali/talk.wav")
        let other = try await lockedByAnother()
        async let handled: Void = inbox.pipeline.handle(inboxEvent)
        try await waitUntil("it waits") { inbox.logged("ingest failed, retrying") > 2 }
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
        await handled
        #expect(try await inbox.current()?.state == .pending)
    }

    @Test func withoutTheCatalogNothingIsKnown() async throws {
        let inbox = try IngestFixture(database: DatabaseQueue(path: state.path("kotib.sqlite")))
        try await inbox.drop("speech")
        let candidates = [try candidate(inbox.inboxEvent("ali/talk.wav"))]
        #expect(await inbox.pipeline.isKnown(candidates) == [true])
        let other = try await lockedByAnother()
        #expect(await inbox.pipeline.isKnown(candidates) == [false])
        try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
    }

    /// Locks the catalog, like an administrator's `sqlite3` in the middle of a transaction.
    private func lockedByAnother() async throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: state.path("kotib.sqlite"), configuration: configuration)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
        return other
    }

    /// A worker that talks nonsense about one file must not stop everybody's.
    @Test func recordThatTheTablesForbidHoldsUpNobody() async throws {
        let inspector = FakeInspector { content, _ in
            var facts = FakeInspector.facts(content)
            facts.sha256 = [1, 2, 3]
            return .facts(facts)
        }
        let inbox = try IngestFixture(inspector: inspector)
        try inbox.folder.write("speech", to: "ali/talk.wav")
        let inboxEvent = try inbox.inboxEvent("ali/talk.wav")
        let handling = Task { await inbox.pipeline.handle(inboxEvent) }
        let isLeft = await waitUntil { inbox.logged("cannot process file, left to the next scan") == 1 }
        handling.cancel()
        await handling.value
        #expect(isLeft)
        #expect(try inbox.rows() == 0)
    }
}
