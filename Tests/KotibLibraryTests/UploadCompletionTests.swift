import GRDB
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibLibrary

/// The catalog fails while an upload is registered.
@Suite(.timeLimit(.minutes(1))) struct UploadCompletionTests {
    private func upload(_ content: String, _ inbox: IngestFixture) async throws -> UploadOutcome {
        let user = try await inbox.catalog.users.enroll("ali")
        let upload = try await inbox.uploads.upload("talk.wav", to: user)
        try await upload.write(Array(content.utf8))
        return try await upload.finish()
    }

    private func fail(_ statement: String, in inbox: IngestFixture) async throws {
        try await inbox.database.write {
            try $0.execute(
                sql: "CREATE TRIGGER test BEFORE \(statement) BEGIN SELECT RAISE(ABORT, 'test'); END")
        }
    }

    /// The note about a refused file goes when a good one has its name.
    @Test func aCommittedRecordingKeepsItsFileWhateverFailsAfterwards() async throws {
        let inbox = try IngestFixture()
        let refused = try #require(try await inbox.drop("bad"))
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
        inbox.folder.remove("ali/talk.wav")
        try await fail("DELETE ON sidecars", in: inbox)
        guard case .accepted(let id) = try await upload("speech", inbox) else {
            Issue.record("refused")
            return
        }
        #expect(inbox.folder.read("ali/talk.wav") == "speech")
        let recording = try #require(try await inbox.current())
        #expect(recording.id == id && id == refused.id && recording.state == .pending)
        #expect(try inbox.disk.examine(inbox.path("ali/talk.wav"))?.identity == recording.identity)
    }

    @Test func nothingStaysOfAFileThatWasNotCommitted() async throws {
        let inbox = try IngestFixture()
        try await fail("INSERT ON audio_records", in: inbox)
        await #expect(throws: CatalogError.self) { _ = try await upload("speech", inbox) }
        #expect(try inbox.names().isEmpty)
        #expect(try inbox.rows() == 0)
    }

    /// It may have been committed: the next scan tells.
    @Test func theFileStaysIfTheCatalogCannotTell() async throws {
        let database = try DatabaseQueue()
        let inbox = try IngestFixture(database: database) { disk in
            FaultyFileSystem(disk) { step in
                // The file gets its name.
                guard step.name == "rename keep" else { return nil }
                try? database.write { try $0.execute(sql: "ALTER TABLE audio_records RENAME TO hidden") }
                return nil
            }
        }
        await #expect(throws: CatalogError.self) { _ = try await upload("speech", inbox) }
        #expect(inbox.folder.read("ali/talk.wav") == "speech")
        try await database.write { try $0.execute(sql: "ALTER TABLE hidden RENAME TO audio_records") }
        try await inbox.handle("ali/talk.wav")
        #expect(try await inbox.current()?.state == .pending)
    }
}
