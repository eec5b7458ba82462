import KotibCatalog
import KotibIngestTestSupport
import KotibLibrary
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibIngest

/// Folders do not enrol by themselves (setting `enroll`).
@Suite struct EnrollmentTests {
    @Test func aStrangersFolderGetsANoteUntilItIsSomebodys() async throws {
        let fixture = try IngestFixture(enrolls: false)
        let recording = try #require(try await fixture.drop("sound"))
        #expect(recording.state == .rejected && recording.user == nil)
        #expect(recording.errorCode == "not_enrolled")
        #expect(try fixture.names() == ["talk.wav", "talk.wav.rejected.txt"])
        #expect(try await !fixture.catalog.users.isEnrolled("ali"))

        _ = try await fixture.catalog.users.enroll("ali")
        // As in the next scan: the file is not known, since its folder may be a user's now.
        let path = try fixture.path("ali/talk.wav")
        #expect(try await fixture.catalog.ingest.isKnown([(path, recording.identity)]) == [false])
        try await fixture.handle("ali/talk.wav")
        let taken = try #require(try await fixture.current())
        #expect(taken.state == .pending && taken.user != nil)
        #expect(try fixture.names() == ["talk.wav"])
    }

    @Test func anAdminDeletesWhatLiesInAStrangersFolder() async throws {
        let fixture = try IngestFixture(enrolls: false)
        let recording = try #require(try await fixture.drop("sound"))
        #expect(try await fixture.actions.delete(recording.id, in: .everyone))
        #expect(try fixture.names().isEmpty)
        #expect(try fixture.rows() == 0)
    }

    /// Refused for another reason, it is its owner's as soon as there is one.
    @Test func recordingRefusedAgainKeepsItsOwner() async throws {
        let fixture = try IngestFixture(enrolls: false)
        try await fixture.drop("bad")
        let ali = try await fixture.catalog.users.enroll("ali")
        try await fixture.handle("ali/talk.wav")
        let recording = try #require(try await fixture.current())
        #expect(recording.user == ali && recording.errorCode == "damaged")
        var filter = RecordingFilter(scope: .only(ali))
        filter.states = [.rejected]
        #expect(try await fixture.catalog.listing.page(filter, limit: 9).total == 1)
    }

    @Test func issueIsLoggedOnce() async throws {
        let fixture = try IngestFixture(enrolls: false)
        let first = try await fixture.drop("sound")
        try await fixture.handle("ali/talk.wav")
        #expect(try await fixture.current() == first)
        #expect(fixture.logged("recording refused") == 1)
    }
}
