import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct WarningTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    private func add(_ path: String, _ warnings: [RecordingWarning]) async throws -> RecordingID {
        var found = facts(1)
        found.warnings = warnings
        return try await catalog.ingest.accept(
            inboxPath(path), identity: identity(1), facts: found, now: noon
        )
        .recording
    }

    @Test func thoseOfTheFileAndOfTheWordsAreKept() async throws {
        let id = try await add("a/1.mp3", [RecordingWarning(.longerThanPromised, seconds: 7)])
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(""), speech: 3,
            warnings: [RecordingWarning(.speechWithoutWords, seconds: 3)], engineSeconds: 1)
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(
            recording.warnings == [
                RecordingWarning(.longerThanPromised, seconds: 7),
                RecordingWarning(.speechWithoutWords, seconds: 3),
            ])
    }

    @Test func anotherTranscriptionReplacesThoseOfTheWords() async throws {
        let id = try await add("a/1.mp3", [])
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(""), speech: 3, warnings: [RecordingWarning(.speechWithoutWords)],
            engineSeconds: 1)
        _ = try await catalog.jobs.retry(id, in: .everyone)
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(id, transcript: transcript("x"), speech: 3, engineSeconds: 1)
        #expect(try await catalog.recordings.find(id)?.warnings == [])
    }

    private func completed(_ path: String, _ text: String, _ warnings: [RecordingWarning]) async throws
        -> RecordingID
    {
        let id = try await add(path, [])
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(text), speech: 3, warnings: warnings, engineSeconds: 1)
        return id
    }

    private func edit(_ id: RecordingID, _ text: String) async throws -> EditOutcome {
        try await catalog.revisions.edit(
            TranscriptEdit(
                recording: id, scope: .everyone, text: text, author: nil, origin: .socket, expected: nil))
    }

    @Test func wordsOfAPersonSayThatThereAreSome() async throws {
        let aside = RecordingWarning(.soundSetAside, seconds: 2)
        let id = try await completed("a/1.mp3", "", [RecordingWarning(.speechWithoutWords), aside])
        _ = try await edit(id, " \n")
        #expect(try await catalog.recordings.find(id)?.warnings.count == 2)
        _ = try await edit(id, "Salom.")
        #expect(try await catalog.recordings.find(id)?.warnings == [aside])
        // A second transcription without result, while a person's text is shown.
        _ = try await catalog.jobs.retry(id, in: .everyone)
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.complete(
            id, transcript: transcript(""), speech: 0, warnings: [RecordingWarning(.noSpeechHeard)],
            engineSeconds: 1)
        #expect(try await catalog.recordings.find(id)?.warnings == [])
    }

    @Test func theDoubtfulAreCounted() async throws {
        #expect(try await catalog.recordings.doubtful(in: .everyone) == 0)
        _ = try await completed("a/1.mp3", "x", [RecordingWarning(.soundSetAside)])
        _ = try await completed("b/1.mp3", "", [RecordingWarning(.noSpeechHeard)])
        _ = try await completed("b/2.mp3", "x", [])
        _ = try await add("b/3.mp3", [RecordingWarning(.unwrittenPart)])
        #expect(try await catalog.recordings.doubtful(in: .everyone) == 2)
        let user = try #require(try await catalog.recordings.current(inboxPath("b/1.mp3"))?.user)
        #expect(try await catalog.recordings.doubtful(in: .only(user)) == 1)
    }

    @Test func movingALineBreakIsAnEdit() async throws {
        let id = try await completed("a/1.mp3", "Bir. Ikki.", [])
        guard case .edited(let revision) = try await edit(id, "Bir.\n\nIkki.") else {
            Issue.record("no edit")
            return
        }
        #expect(revision.text == "Bir.\n\nIkki.")
        guard case .edited = try await edit(id, "Bir.\nIkki.") else {
            Issue.record("no edit")
            return
        }
    }

    /// One that a later version wrote.
    @Test func theUnknownIsPassedOver() {
        let json = #"[{"code":"of_tomorrow"},{"code":"sound_set_aside","seconds":2}]"#
        #expect([RecordingWarning](json: json) == [RecordingWarning(.soundSetAside, seconds: 2)])
        #expect([RecordingWarning](json: "no JSON") == [])
    }
}
