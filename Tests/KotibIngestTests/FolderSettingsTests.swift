import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibIntake
import KotibModel
import KotibTestSupport
import Logging
import Testing

@testable import KotibIngest

/// `kotib.ini` in people's folders.
@Suite struct FolderSettingsTests {
    private let note = "kotib.ini.rejected.txt"

    private func language(of name: String, _ fixture: IngestFixture) async throws -> SpokenLanguage? {
        let log = fixture.log
        let reader = FolderSettingsReader(files: fixture.disk, logger: Logger(label: "test") { _ in log })
        let recording = try #require(try await fixture.current(name))
        return await reader.settings(for: recording).language
    }

    @Test func invalidSettingsHaveANoteUntilCorrected() async throws {
        let fixture = try IngestFixture()
        let refused = try #require(try await fixture.drop("langauge = uz", "ali/kotib.ini"))
        #expect(refused.state == .rejected && refused.errorCode == "folder_settings")
        #expect(try fixture.names() == ["kotib.ini", note])
        #expect(fixture.folder.read("ali/" + note)?.contains("did you mean “language”?") == true)
        // Said once: a scan has nothing to tell.
        let path = try fixture.path("ali/kotib.ini")
        #expect(try await fixture.catalog.ingest.isKnown([(path, refused.identity)]) == [true])

        try await fixture.drop("language = u", "ali/kotib.ini")
        #expect(fixture.folder.read("ali/" + note)?.contains("“u” is no language") == true)
        #expect(try fixture.rows() == 1)

        #expect(try await fixture.drop("language = uz", "ali/kotib.ini") == nil)
        #expect(try fixture.names() == ["kotib.ini"])
        #expect(try fixture.rows() == 0)
        #expect(fixture.folder.read("ali/kotib.ini") == "language = uz")
    }

    @Test func noteOfARemovedSettingsFileIsRemoved() async throws {
        let fixture = try IngestFixture()
        try await fixture.drop("language", "ali/kotib.ini")
        try await fixture.lose("ali/kotib.ini")
        #expect(try fixture.names().isEmpty)
        // A file that arrives then is new.
        #expect(try await fixture.drop("", "ali/kotib.ini") == nil)
        #expect(try fixture.rows() == 0)
    }

    @Test func aGoodFileIsNoRecording() async throws {
        let fixture = try IngestFixture()
        #expect(try await fixture.drop("language = uz", "ali/kotib.ini") == nil)
        #expect(try fixture.names() == ["kotib.ini"])
        #expect(fixture.inspector.calls == 0)
    }

    @Test func theNearestFileCounts() async throws {
        let fixture = try IngestFixture()
        let name = "ali/2026/november/talk.wav"
        try fixture.folder.makeFolder("ali/2026/november")
        try fixture.folder.makeFolder("ali/2026/december")
        try await fixture.drop("sound", name)
        #expect(try await language(of: name, fixture) == nil)
        // The inbox itself is nobody's folder.
        try fixture.folder.write("language = en", to: "kotib.ini")
        try fixture.folder.write("language = ru", to: "ali/2026/december/kotib.ini")
        #expect(try await language(of: name, fixture) == nil)
        try fixture.folder.write("language = uz", to: "ali/kotib.ini")
        #expect(try await language(of: name, fixture) == .code("uz"))
        try fixture.folder.write("language = auto", to: "ali/2026/kotib.ini")
        #expect(try await language(of: name, fixture) == .detected)
        try fixture.folder.write("", to: "ali/2026/november/kotib.ini")
        #expect(try await language(of: name, fixture) == nil)
        #expect(!fixture.log.lines.contains { $0.level >= .warning })
    }

    @Test func aBrokenFileLeavesTheUsersSettings() async throws {
        let fixture = try IngestFixture()
        try fixture.folder.makeFolder("ali/x")
        try await fixture.drop("sound", "ali/x/talk.wav")
        try fixture.folder.write("language = uz", to: "ali/kotib.ini")
        try fixture.folder.write("language: ru", to: "ali/x/kotib.ini")
        #expect(try await language(of: "ali/x/talk.wav", fixture) == nil)
        #expect(fixture.warnedFiles == ["ali/x/kotib.ini"])
    }

    /// A link would show what lies elsewhere, a pipe would hang.
    @Test(arguments: ["link", "hard link", "pipe", "folder"])
    func nothingButAFileOfTheFoldersOwnIsRead(kind: String) async throws {
        let fixture = try IngestFixture()
        try await fixture.drop("sound")
        try fixture.folder.makeFolder("other")
        try fixture.folder.write("language = uz", to: "other/secret")
        let (path, secret) = (fixture.folder.path("ali/kotib.ini"), fixture.folder.path("other/secret"))
        switch kind {
        case "link": #expect(symlink(secret, path) == 0)
        case "hard link": #expect(link(secret, path) == 0)
        case "pipe": #expect(mkfifo(path, 0o644) == 0)
        default: try fixture.folder.makeFolder("ali/kotib.ini")
        }
        #expect(try await language(of: "ali/talk.wav", fixture) == nil)
        try await fixture.handle("ali/kotib.ini")
        #expect(try fixture.names().contains(note) == (kind != "folder"))
    }
}
