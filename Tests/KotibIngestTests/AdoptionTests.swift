import FoundationEssentials
import GRDB
import KotibCatalog
import KotibHealth
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Testing

@testable import KotibIngest

/// Texts beside recordings that a rebuilt catalog has, after it lost the rows of the texts.
@Suite struct AdoptionTests {
    /// Recordings with the text "Hello.", whose texts the catalog does not know any more.
    /// - Parameter isRebuilt: otherwise the catalog lost nothing: the files are somebody else's.
    private func lost(_ inbox: IngestFixture, _ names: [String], isRebuilt: Bool) async throws
        -> [RecordingID]
    {
        var ids: [RecordingID] = []
        try await inbox.transcribing {
            for name in names {
                ids.append(try #require(try await inbox.drop("speech of \(name)", name)).id)
                try await inbox.awaitText("Hello.", beside: name)
            }
        }
        try await inbox.database.write { try $0.execute(sql: "DELETE FROM sidecars") }
        if isRebuilt { try await rebuild(inbox, at: Date()) }
        return ids
    }

    private func rebuild(_ inbox: IngestFixture, at time: Date) async throws {
        try await inbox.database.write {
            try $0.execute(
                sql: "INSERT INTO rebuilds (at) VALUES (?)",
                arguments: [Timestamp.text(time)])
        }
    }

    private func words(_ id: RecordingID, _ inbox: IngestFixture) async throws -> [String]? {
        try await inbox.catalog.listing.revisions(of: id)?.map(\.text)
    }

    @Test(arguments: [true, false])
    func textsBesideKnownRecordingsAreTheirs(isRebuilt: Bool) async throws {
        let inbox = try IngestFixture()
        let ids = try await lost(inbox, ["ali/a.wav", "ali/b.wav"], isRebuilt: isRebuilt)
        try inbox.folder.write("Corrected.\n", to: "ali/b.wav.txt")
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await words(ids[0], inbox) == ["Hello."])
        #expect(try await words(ids[1], inbox) == (isRebuilt ? ["Corrected.", "Hello."] : ["Hello."]))
        try inbox.folder.write("Saved.\n", to: "ali/a.wav.txt")
        try await inbox.handle("ali/a.wav.txt")
        #expect(try await words(ids[0], inbox) == (isRebuilt ? ["Saved.", "Hello."] : ["Hello."]))
        #expect(try inbox.names() == ["a.wav", "a.wav.txt", "b.wav", "b.wav.txt"])
    }

    /// Words that could not be written are newer than any file, which is somebody else's.
    @Test func aTextThatIsDueIsNotReplacedByAFile() async throws {
        let inbox = try IngestFixture()
        let id = try await lost(inbox, ["ali/a.wav"], isRebuilt: true)[0]
        try inbox.folder.write("a stranger's notes\n", to: "ali/a.wav.txt")
        try inbox.folder.write("more of them\n", to: "ali/a.wav.kotib.txt")
        try await inbox.database.write {
            try $0.execute(sql: "UPDATE audio_records SET sidecar_due = 'transcript'")
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await words(id, inbox) == ["Hello."])
        #expect(inbox.folder.read("ali/a.wav.txt") == "a stranger's notes\n")
    }

    /// The hour is over, but the inbox could not be looked through.
    @Test(arguments: [true, false]) func adoptionWaitsForTheInbox(isMissing: Bool) async throws {
        let inbox = try IngestFixture()
        try await rebuild(inbox, at: Date(timeIntervalSince1970: 1_700_000_000))
        if isMissing {
            try await inbox.drop("speech", "ali/a.wav")
            inbox.board.report(.rootReplaced)
        } else {
            try await inbox.record(["ali/a.wav"], on: 1)
        }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await inbox.catalog.adoption.adoptsTexts())
        inbox.board.resolve(.rootReplaced)
        if !isMissing { try await inbox.drop("speech", "ali/b.wav") }
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await !inbox.catalog.adoption.adoptsTexts())
    }
}
