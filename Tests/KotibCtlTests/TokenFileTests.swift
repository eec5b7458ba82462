import Glibc
import KotibTestSupport
import SystemPackage
import Testing

@testable import kotibctl

@Suite("The token's file")
struct TokenFileTests {
    private let home: TemporaryFolder
    private let tokens: TokenFile

    init() throws {
        home = try TemporaryFolder()
        tokens = try TokenFile(socket: "/run/a%2F.sock", environment: ["HOME": home.path])
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test("Is written for its owner alone, in a folder for its owner alone, and read again")
    func roundTrip() async throws {
        #expect(try await tokens.read() == nil)
        try await tokens.write("first")
        try await tokens.write("second")
        #expect(try await tokens.read() == "second")
        #expect(mode(tokens.path.string) == 0o600)
        #expect(mode(tokens.folder.string) == 0o700)
        #expect(try home.names(in: ".local/state/kotib").count == 1)
        try await tokens.remove()
        try await tokens.remove()
        #expect(try await tokens.read() == nil)
    }

    @Test("One that others can read is not used")
    func readable() async throws {
        try await tokens.write("secret")
        chmod(tokens.path.string, 0o640)
        await #expect(throws: TokenFile.Failure.unsafe(path: tokens.path.string)) { try await tokens.read() }
    }

    @Test("A link is neither read nor written through")
    func link() async throws {
        try await tokens.write("old")
        try home.write("stranger", to: "elsewhere")
        unlink(tokens.path.string)
        symlink(home.path("elsewhere"), tokens.path.string)
        await #expect(throws: TokenFile.Failure.self) { try await tokens.read() }
        try await tokens.write("new")
        #expect(home.read("elsewhere") == "stranger")
        #expect(try await tokens.read() == "new")
    }

    @Test("Sockets do not share one, and a home must be absolute")
    func places() throws {
        let other = try TokenFile(socket: "/run/a/.sock", environment: ["HOME": home.path])
        #expect(other.path != tokens.path)
        let state = try TokenFile(socket: "/s", environment: ["HOME": "/h", "XDG_STATE_HOME": "relative"])
        #expect(state.folder == "/h/.local/state/kotib")
        #expect(throws: TokenFile.Failure.noHome) { try TokenFile(socket: "/s", environment: [:]) }
    }
}
