import GRDB
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// Whatever step of a move fails, or is the daemon's last: after the next start the record and its texts are
/// at the new place, once.
@Suite struct MoveCrashTests {
    @Test(arguments: CrashPoint.Kind.allCases, [false, true])
    func noStepLosesWords(_ kind: CrashPoint.Kind, _ isEdited: Bool) async throws {
        var step = 0
        while try await wasReached(step, kind, isEdited) { step += 1 }
        #expect(step > 10)
    }

    private func wasReached(_ step: Int, _ kind: CrashPoint.Kind, _ isEdited: Bool) async throws -> Bool {
        let point = CrashPoint()
        let database = try DatabaseQueue()
        let inbox = try IngestFixture(
            database: database, settings: UserSettings(sidecars: [.txt, .srt])
        ) { FaultyFileSystem($0, fault: point.pass) }
        database.add(transactionObserver: point, extent: .databaseLifetime)
        let id = try #require(try await inbox.drop("speech")).id
        _ = try await inbox.catalog.jobs.claim()
        _ = try await inbox.catalog.jobs.complete(
            id, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        await inbox.sidecars.writer.jobFinished(id)
        if isEdited { try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt") }
        try inbox.folder.makeFolder("ali/sub")
        try inbox.folder.rename("ali/talk.wav", to: "ali/sub/new.wav")

        point.arm(kind, at: step)
        let inboxEvent = try inbox.inboxEvent("ali/sub/new.wav")
        if case .stable(let path, let status) = inboxEvent {
            try? await inbox.pipeline.ingest(path, status)
        }
        let wasReached = point.disarm()

        let place = Comment("\(kind) at step \(step)")
        if await inbox.pipeline.isKnown([try candidate(inboxEvent)]) == [false] {
            await inbox.pipeline.handle(inboxEvent)
        }
        await inbox.pipeline.handle(.scanFinished)
        let recording = try #require(try await inbox.current("ali/sub/new.wav"), place)
        #expect(recording.id == id && recording.audio == .present, place)
        #expect(recording.sidecarDue == nil, place)
        #expect(try inbox.rows() == 1, place)
        #expect(try inbox.names().filter { !$0.hasPrefix(".kotib-") } == ["sub"], place)
        let names = try inbox.folder.names(in: "ali/sub").filter { !$0.hasPrefix(".kotib-") }
        #expect(names == ["new.wav", "new.wav.srt", "new.wav.txt"], place)
        let text = isEdited ? "Mine.\n" : "Hello.\n"
        #expect(inbox.folder.read("ali/sub/new.wav.txt") == text, place)
        #expect(try await inbox.catalog.moves.unfinished(after: nil, limit: 1).isEmpty, place)
        let owned = try await inbox.catalog.sidecars.owned(of: id).map(\.path.text).sorted()
        #expect(owned == ["ali/sub/new.wav.srt", "ali/sub/new.wav.txt"], place)
        return wasReached
    }
}
