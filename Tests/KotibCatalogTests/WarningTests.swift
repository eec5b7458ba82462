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
        return try await catalog.accept(inboxPath(path), identity: identity(1), facts: found, now: noon)
            .recording
    }

    @Test func thoseOfTheFileAndOfTheWordsAreKept() async throws {
        let id = try await add("a/1.mp3", [RecordingWarning(.longerThanPromised, seconds: 7)])
        _ = try await catalog.claimNext()
        _ = try await catalog.complete(
            id, transcript: transcript(""), speech: 3,
            warnings: [RecordingWarning(.speechWithoutWords, seconds: 3)], engineSeconds: 1)
        let recording = try #require(try await catalog.recording(id))
        #expect(
            recording.warnings == [
                RecordingWarning(.longerThanPromised, seconds: 7),
                RecordingWarning(.speechWithoutWords, seconds: 3),
            ])
    }

    @Test func anotherTranscriptionReplacesThoseOfTheWords() async throws {
        let id = try await add("a/1.mp3", [])
        _ = try await catalog.claimNext()
        _ = try await catalog.complete(
            id, transcript: transcript(""), speech: 3, warnings: [RecordingWarning(.speechWithoutWords)],
            engineSeconds: 1)
        _ = try await catalog.retry(id, in: .everyone)
        _ = try await catalog.claimNext()
        _ = try await catalog.complete(id, transcript: transcript("x"), speech: 3, engineSeconds: 1)
        #expect(try await catalog.recording(id)?.warnings == [])
    }

    /// One that a later version wrote.
    @Test func theUnknownIsPassedOver() {
        let json = #"[{"code":"of_tomorrow"},{"code":"sound_set_aside","seconds":2}]"#
        #expect([RecordingWarning](json: json) == [RecordingWarning(.soundSetAside, seconds: 2)])
        #expect([RecordingWarning](json: "no JSON") == [])
    }
}
