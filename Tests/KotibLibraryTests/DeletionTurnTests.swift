import GRDB
import KotibCatalog
import KotibComponents
import KotibIngest
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibLibrary
@testable import KotibSidecars

/// A deletion, and somebody else who is at the same recording.
@Suite struct DeletionTurnTests {
    private func transcribed(_ inbox: IngestFixture, _ name: String = "ali/talk.wav") async throws
        -> RecordingID
    {
        let id = try #require(try await inbox.drop("speech", name)).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        return id
    }

    /// A text that is being written for the first time when its recording is deleted.
    @Test func textThatIsBeingWrittenIsRemovedToo() async throws {
        let held = StepBarrier("create")
        let inbox = try IngestFixture { FaultyFileSystem($0, fault: held.pass) }
        let id = try await transcribed(inbox)
        let path = try inbox.path("ali/talk.wav")
        let isDeleted = Shared(false)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { held.letGo() }
            group.addTask { try await inbox.sidecars.writer.writeDue(id) }
            try await waitUntil("the text is being written") { held.isReached }
            group.addTask {
                isDeleted.value = try await inbox.actions.delete(id, in: .everyone)
            }
            try await waitUntil("the deletion waits, or is done") {
                isDeleted.value || inbox.sidecars.locks.waiterCount(on: path) == 1
            }
            held.letGo()
            try await group.waitForAll()
        }
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    @Test func withdrawnDeletionIsNotExecuted() async throws {
        let inbox = try IngestFixture()
        let id = try await transcribed(inbox)
        await inbox.sidecars.writer.jobFinished(id)
        let deletion = try #require(try await inbox.catalog.deletions.decide(of: id, in: .everyone))
        try await inbox.catalog.deletions.withdraw(of: id)
        try await inbox.components.deletions.execute(deletion)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
        #expect(try inbox.rows() == 1)
    }

    @Test func aRowThatCannotBeReadHidesNoOtherDeletion() async throws {
        let inbox = try IngestFixture()
        let bad = try await transcribed(inbox)
        await inbox.sidecars.writer.jobFinished(bad)
        let good = try await transcribed(inbox, "ali/good.wav")
        await inbox.sidecars.writer.jobFinished(good)
        for id in [bad, good] { _ = try await inbox.catalog.deletions.decide(of: id, in: .everyone) }
        try await inbox.database.write {
            try $0.execute(
                sql: "UPDATE sidecars SET path = x'' WHERE audio_record_id = ?", arguments: [bad.rawValue])
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.names() == ["talk.wav.txt"])
        #expect(try inbox.rows() == 1)
    }
}
