import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct SidecarTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    @Test func dueTextStaysDueUntilWritten() async throws {
        let id = try await catalog.ingest.reject("a/1.pdf").recording
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).map(\.id) == [id])
        try await catalog.writeDue(id, at: "a/1.pdf.rejected.txt")
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).isEmpty)
        #expect(try await catalog.sidecars.owned(of: id).map(\.kind) == [.rejected])
    }

    @Test func textThatBecomesDueDuringTheWriteStaysDue() async throws {
        let id = try await catalog.ingest.reject("a/1.mp3", .empty, message: "Empty.").recording
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        try await catalog.ingest.reject("a/1.mp3", .incomplete, message: "Incomplete.")
        let sidecar = Sidecar(
            recording: id, kind: .rejected, path: try inboxPath("a/1.mp3.rejected.txt"), identity: identity(5)
        )
        try await catalog.sidecars.written(sidecar, due: due)
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).map(\.id) == [id])
    }

    @Test func unwritableTextCanBeWaived() async throws {
        let id = try await catalog.ingest.reject("a/1.mp3").recording
        let due = try #require(try await catalog.recordings.find(id)?.sidecarDue)
        try await catalog.sidecars.waived(id, due: due)
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).isEmpty)
    }

    @Test func nothingIsDueBesideWhatIsBeingDeleted() async throws {
        let id = try await catalog.ingest.reject("a/1.mp3").recording
        _ = try await catalog.deletions.decide(of: id, in: .everyone)
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).isEmpty)
        try await catalog.deletions.withdraw(of: id)
        #expect(try await catalog.sidecars.due(after: nil, limit: 10).map(\.id) == [id])
    }

    @Test func aSidecarKnowsWhetherAPersonEditedIt() async throws {
        let id = try await catalog.ingest.reject("a/1.mp3").recording
        try await catalog.writeDue(id, at: "a/1.mp3.rejected.txt")
        let path = try inboxPath("a/1.mp3.rejected.txt")
        let sidecar = try #require(try await catalog.sidecars.owner(ofSidecar: path))
        #expect(sidecar.isUntouched(identity(77, changed: 99)))
        #expect(!sidecar.isUntouched(identity(77, size: 1)))
        #expect(!sidecar.isUntouched(identity(78)))
        try await catalog.sidecars.removed(path)
        #expect(try await catalog.sidecars.owner(ofSidecar: path) == nil)
    }

    @Test func aDeletedRecordingTakesItsWordsAlongAndAUserWithRecordingsStays() async throws {
        let id = try await catalog.ingest.accept("a/1.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(id, transcript: transcript("x"), speech: nil, engineSeconds: 1)
        try await catalog.writeDue(id, at: "a/1.mp3.txt")
        let failure = await #expect(throws: CatalogError.self) {
            try await catalog.database.write("test") { try $0.execute(sql: "DELETE FROM users") }
        }
        #expect(failure?.code == .constraint)
        try await catalog.database.write("test") { try $0.execute(sql: "DELETE FROM audio_records") }
        let left = try await catalog.database.read("test") { database in
            let revisions = try Int.fetchOne(database, sql: "SELECT count(*) FROM transcript_revisions")
            let sidecars = try Int.fetchOne(database, sql: "SELECT count(*) FROM sidecars")
            return [revisions, sidecars]
        }
        #expect(left == [0, 0])
    }
}
