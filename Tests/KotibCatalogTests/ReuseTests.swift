import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// The same content is transcribed only once.
struct ReuseTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func transcribed(
        _ path: String, _ words: String = "Hello.", isLanguageGiven: Bool = false, modelHash: [UInt8]? = nil
    ) async throws -> RecordingID {
        let id = try await claimed(path)
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(words), isLanguageGiven: isLanguageGiven, speech: 1.25,
            engineSeconds: 3, modelHash: modelHash, now: noon)
        return id
    }

    private func claimed(_ path: String, content: UInt8 = 1) async throws -> RecordingID {
        let id = try await catalog.ingest.accept(path, content: content).recording
        try #require(try await catalog.jobs.claimNext()?.id == id)
        return id
    }

    private func reuse(
        _ id: RecordingID, _ reuse: ReuseScope = .own, engine: String = "local", model: String = "base",
        modelHash: [UInt8]? = nil, language: String? = nil
    ) async throws -> RecordingID? {
        let model = ModelIdentity(name: model, sha256: modelHash)
        return try await catalog.reuse.complete(
            for: id, of: reuse, engine: engine, model: model, language: language, now: noon)
    }

    private func revisions(_ id: RecordingID) async throws -> [Revision] {
        try await catalog.listing.revisions(of: id) ?? []
    }

    @Test func aCopyGetsTheWordsTheTimesAndTheFacts() async throws {
        let first = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy) == first)
        let recording = try #require(try await catalog.recordings.find(copy))
        #expect(recording.state == .completed)
        #expect(recording.sidecarDue?.kind == .transcript)
        #expect([recording.language, recording.engine, recording.model] == ["en", "local", "base"])
        #expect(recording.speechSeconds == 1.25)
        #expect(recording.engineSeconds == 0)
        let words = try await catalog.recordings.transcript(of: copy)
        #expect(words?.text == "Hello.")
        #expect(words?.segments == transcript("Hello.").segments)
        // Found by search as well, and independent of the first from here on.
        #expect(try await catalog.recordings.transcript(of: first)?.text == "Hello.")
    }

    @Test func itsOwnersCorrectionsComeAlongWithTheirAuthor() async throws {
        let first = try await transcribed("ali/1.mp3", "Helo.")
        let owner = try #require(try await catalog.recordings.find(first)?.user)
        let edit = TranscriptEdit(
            recording: first, scope: .everyone, text: "Hello.", author: owner, origin: .socket, expected: nil)
        _ = try await catalog.revisions.edit(edit, now: noon)
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy) == first)
        #expect(try await catalog.recordings.transcript(of: copy)?.text == "Hello.")
        let revisions = try await revisions(copy)
        #expect(revisions.map(\.text) == ["Hello.", "Helo."])
        #expect(revisions.map(\.origin) == [.socket, .engine])
        #expect(revisions.map(\.author) == [owner, nil])
    }

    @Test func anotherUsersWordsOnlyWhereAllowedAndOnlyTheEngines() async throws {
        let first = try await transcribed("ali/1.mp3")
        let edit = TranscriptEdit(
            recording: first, scope: .everyone, text: "Private.", author: nil, origin: .socket, expected: nil)
        _ = try await catalog.revisions.edit(edit, now: noon)
        let copy = try await claimed("vali/1.mp3")
        #expect(try await reuse(copy, .own) == nil)
        #expect(try await catalog.recordings.state(copy) == .processing)
        #expect(try await reuse(copy, .all) == first)
        #expect(try await catalog.recordings.transcript(of: copy)?.text == "Hello.")
        #expect(try await revisions(copy).map(\.origin) == [.engine])
    }

    @Test func onesOwnWordsComeBeforeAnothers() async throws {
        _ = try await transcribed("vali/1.mp3", "Another's.")
        let own = try await transcribed("ali/1.mp3", "One's own.")
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy, .all) == own)
    }

    @Test func otherContentAnotherEngineOrLanguageIsHeard() async throws {
        _ = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy, .none) == nil)
        #expect(try await reuse(copy, engine: "openai") == nil)
        #expect(try await reuse(copy, language: "uz") == nil)
        #expect(try await reuse(copy) != nil)
        let other = try await claimed("ali/3.mp3", content: 2)
        #expect(try await reuse(other) == nil)
    }

    @Test func wordsInAGivenLanguageAreNotReusedWhereItIsDetected() async throws {
        let first = try await transcribed("ali/1.mp3", isLanguageGiven: true)
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy) == nil)
        #expect(try await reuse(copy, language: "en") == first)
        let third = try await claimed("ali/3.mp3")
        #expect(try await reuse(third) == nil)
    }

    @Test func wordsInADetectedLanguageAreNotReusedWhereItIsGiven() async throws {
        let first = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        for reuse in [ReuseScope.own, .all] {
            #expect(try await self.reuse(copy, reuse, language: "en") == nil)
        }
        #expect(try await reuse(copy) == first)
        let third = try await claimed("ali/3.mp3")
        #expect(try await reuse(third, language: "en") == nil)
    }

    /// Rows of earlier versions do not say whether the language was given.
    @Test func wordsOfAnUnknownSettingAreNotReused() async throws {
        let first = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        try await catalog.database.write("forget") { database in
            try database.execute(
                sql: "UPDATE audio_records SET language_given = NULL WHERE id = ?",
                arguments: [first.rawValue])
        }
        for language in [nil, "en"] { #expect(try await reuse(copy, language: language) == nil) }
    }

    @Test func anotherModelOfTheSameNameIsAskedAnew() async throws {
        let (old, new) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let first = try await transcribed("ali/1.mp3", modelHash: old)
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy, model: "small", modelHash: old) == nil)
        #expect(try await reuse(copy, .all, modelHash: new) == nil)
        #expect(try await reuse(copy) == nil, "it is not known which model it would be")
        #expect(try await reuse(copy, modelHash: old) == first)
        // A reused transcript can be reused again.
        _ = try await catalog.deletions.decide(of: first, in: .everyone, now: noon)
        let third = try await claimed("ali/3.mp3")
        #expect(try await reuse(third, modelHash: old) == copy)
    }

    /// Rows of earlier versions have no hash of the model.
    @Test func wordsOfAnUnknownModelAreNotReusedForAKnownOne() async throws {
        _ = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy, modelHash: [UInt8](repeating: 1, count: 32)) == nil)
    }

    @Test func retryIsNotAnsweredFromReuse() async throws {
        let first = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy) == first)
        _ = try await catalog.jobs.retry(copy, in: .everyone, now: noon)
        try #require(try await catalog.jobs.claimNext()?.id == copy)
        #expect(try await reuse(copy) == nil)
        #expect(try await catalog.recordings.state(copy) == .processing)
    }

    @Test func recordingBeingDeletedIsNotReused() async throws {
        let first = try await transcribed("ali/1.mp3")
        _ = try await catalog.deletions.decide(of: first, in: .everyone, now: noon)
        let copy = try await claimed("ali/2.mp3")
        #expect(try await reuse(copy) == nil)
    }

    @Test func onlyAJobIsCompletedSo() async throws {
        _ = try await transcribed("ali/1.mp3")
        let waiting = try await catalog.ingest.accept("ali/2.mp3").recording
        #expect(try await reuse(waiting) == nil)
        #expect(try await catalog.recordings.state(waiting) == .pending)
    }

    @Test func aCopyOutlivesWhatItCameFrom() async throws {
        let first = try await transcribed("ali/1.mp3")
        let copy = try await claimed("ali/2.mp3")
        _ = try await reuse(copy)
        _ = try await catalog.deletions.decide(of: first, in: .everyone, now: noon)
        try #require(try await catalog.deletions.finish(of: first))
        #expect(try await catalog.recordings.transcript(of: copy)?.text == "Hello.")
    }
}
