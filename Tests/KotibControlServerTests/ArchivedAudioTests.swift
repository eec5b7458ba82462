import HTTPTypes
import KotibArchive
import KotibCatalog
import KotibComponents
import KotibControlProtocol
import KotibIntake
import KotibModel
import KotibTestSupport
import KotibText
import Testing

@testable import KotibControlServer

extension Catalog {
    /// Has what is transcribed archived, until the recording at `path` is.
    func untilArchived(_ path: String, by components: Components) async throws {
        let scheduler = try #require(components.archiveScheduler(age: .milliseconds(1)))
        let path = try #require(InboxPath(path))
        let running = Task { await scheduler.run() }
        defer { running.cancel() }
        try await waitUntil("it is archived") {
            guard let id = try await self.recordings.current(path)?.id else { return false }
            return try await self.listing.entry(id, in: .everyone)?.archived != nil
        }
    }
}

@Suite struct ArchivedAudioTests {
    private let speech = String((0..<15_000).map { "\($0)," }.joined().prefix(70_000))

    private func archived(_ fixture: AudioFixture, by ali: Caller) async throws -> Int64 {
        var id: Int64 = 0
        try await fixture.transcribing {
            id = try await fixture.upload(speech, as: "talk.wav", by: ali).decoded(AudioRecordBody.self).id
            try await waitUntil("its text is there") { fixture.folder.read("ali/talk.wav.txt") != nil }
            try await fixture.archive("ali/talk.wav")
        }
        return id
    }

    @Test func itIsToldAndServedWholeOrInParts() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await archived(fixture, by: ali)
        let body = try await fixture.call(.get, "\(id)", as: ali).decoded(AudioRecordBody.self)
        #expect(body.audioState == "gone" && body.archivedAt != nil && body.transcriptText != nil)
        let list = try await fixture.call(.get, "list?q=hello", as: ali).decoded(AudioListBody.self)
        #expect(list.items.first?.archivedAt == body.archivedAt)
        for path in ["\(id)/file", "file/\(id)"] {
            let whole = try await fixture.call(.get, path, as: ali)
            #expect(whole.status == .ok && whole.text == speech)
            #expect(whole.headers[.contentType] == "audio/x-wav" && whole.headers[.eTag] != nil)
            let part = try await fixture.call(.get, path, as: ali, headers: [.range: "bytes=10-19"])
            #expect(part.status == .partialContent)
            #expect(part.body == Array(Array(speech.utf8)[10...19]))
            let none = try await fixture.call(.get, path, as: ali, headers: [.range: "bytes=99999-"])
            #expect(none.status == .rangeNotSatisfiable)
        }
    }

    @Test func itIsEditedAndDeletedButNotTranscribedAgain() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await archived(fixture, by: ali)
        let edit = try await fixture.call(
            .put, "\(id)", as: ali, Array(#"{"transcript_text": "Mine."}"#.utf8))
        #expect(edit.status == .ok)
        #expect(fixture.folder.read("ali/talk.wav.txt") == "Mine.\n")
        let retry = try await fixture.call(.post, "\(id)/retry", as: ali)
        #expect(retry.status == .conflict)
        let error = try retry.decoded(ErrorBody.self)
        #expect(error.code == "wrong_state" && error.detail == Sentence.archivedNotRetried.text(in: .uzbek))
        #expect(try await fixture.call(.delete, "\(id)", as: ali).status == .ok)
        #expect(try fixture.folder.names(in: "ali").isEmpty && fixture.place.names(in: "archive/ali").isEmpty)
        #expect(try await fixture.call(.get, "\(id)/file", as: ali).status == .notFound)
    }

    @Test func anArchiveOutOfReachIsToldAndADeletionWaitsForIt() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await archived(fixture, by: ali)
        try fixture.place.rename("archive", to: "away")
        let answer = try await fixture.call(.get, "\(id)/file", as: ali)
        #expect(answer.status == .serviceUnavailable && answer.headers[.retryAfter] == "60")
        let error = try answer.decoded(ErrorBody.self)
        #expect(error.detail == Sentence.archiveUnreachable.text(in: .uzbek))
        #expect(try await fixture.call(.delete, "\(id)", as: ali).status == .accepted)
        try fixture.place.rename("away", to: "archive")
        #expect(try fixture.place.names(in: "archive/ali") == ["talk.wav"])
        #expect(try await fixture.call(.get, "\(id)/file", as: ali).status == .notFound)
        #expect(try await fixture.call(.delete, "\(id)", as: ali).status == .ok)
        #expect(try fixture.place.names(in: "archive/ali").isEmpty)
    }

    @Test func fileRemovedFromTheArchiveIsNotWaitedFor() async throws {
        let fixture = try await AudioFixture()
        let ali = try await fixture.user("ali")
        let id = try await archived(fixture, by: ali)
        fixture.place.remove("archive/ali/talk.wav")
        #expect(try await fixture.call(.get, "\(id)/file", as: ali).status == .notFound)
        #expect(try await fixture.call(.delete, "\(id)", as: ali).status == .ok)
    }
}
