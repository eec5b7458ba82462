import FoundationEssentials
import GRDB
import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibIngest

/// Another person's private file that was moved into a user's folder is not transcribed for that user.
@Suite(.enabled(if: geteuid() == 0, "needs root")) struct ForeignFileTests {
    private let owner: uid_t = 4001
    private let stranger: uid_t = 4002

    private func give(_ name: String, to user: uid_t, _ mode: mode_t, _ fixture: IngestFixture) {
        chown(fixture.folder.path(name), user, user)
        chmod(fixture.folder.path(name), mode)
    }

    @Test func aPrivateRecordingIsRefusedUntilItIsAllowed() async throws {
        let fixture = try IngestFixture()
        give("ali", to: owner, 0o770, fixture)
        try fixture.folder.write("secret", to: "ali/talk.wav")
        give("ali/talk.wav", to: stranger, 0o600, fixture)
        try await fixture.handle("ali/talk.wav")
        #expect(try await fixture.current()?.errorCode == "foreign")
        #expect(fixture.inspector.calls == 0)
        #expect(fixture.folder.read("ali/talk.wav.rejected.txt")?.contains("another person's") == true)
        give("ali/talk.wav", to: stranger, 0o644, fixture)
        try await fixture.handle("ali/talk.wav")
        #expect(try await fixture.current()?.state == .pending)
        #expect(try fixture.names() == ["talk.wav"])
    }

    @Test func aPrivateTextIsNoEdit() async throws {
        let fixture = try IngestFixture()
        give("ali", to: owner, 0o770, fixture)
        try await fixture.transcribing {
            try fixture.folder.write("speech", to: "ali/talk.wav")
            give("ali/talk.wav", to: owner, 0o600, fixture)
            try await fixture.handle("ali/talk.wav")
            try await fixture.awaitText("Hello.")
            try fixture.folder.write("their private words\n", to: "ali/private")
            give("ali/private", to: stranger, 0o600, fixture)
            rename(fixture.folder.path("ali/private"), fixture.folder.path("ali/talk.wav.txt"))
            try await fixture.handle("ali/talk.wav.txt")
            let id = try #require(try await fixture.current()).id
            #expect(try await fixture.catalog.recordings.transcript(of: id)?.text == "Hello.")
            #expect(fixture.warnedFiles == ["ali/talk.wav.txt"])
            // Allowed, it is.
            give("ali/talk.wav.txt", to: stranger, 0o644, fixture)
            try await fixture.handle("ali/talk.wav.txt")
            #expect(try await fixture.catalog.recordings.transcript(of: id)?.text == "their private words")
        }
    }

    /// Within an hour after `kotibd --rebuild` a text beside an unknown recording is adopted.
    @Test func aPrivateTextIsNobodysWordsAfterARebuild() async throws {
        let fixture = try IngestFixture()
        give("ali", to: owner, 0o770, fixture)
        try await fixture.database.write { database in
            try database.execute(
                sql: "INSERT INTO rebuilds (at) VALUES (?)", arguments: [Timestamp.text(Date())])
        }
        for (name, mode) in [("talk", mode_t(0o600)), ("open", 0o644)] {
            try fixture.folder.write("their words\n", to: "ali/\(name).wav.txt")
            give("ali/\(name).wav.txt", to: stranger, mode, fixture)
            try fixture.folder.write("speech of \(name)", to: "ali/\(name).wav")
            give("ali/\(name).wav", to: owner, 0o600, fixture)
            try await fixture.handle("ali/\(name).wav")
        }
        #expect(try await fixture.current()?.state == .pending)
        #expect(try await fixture.current("ali/open.wav")?.state == .completed)
    }
}
