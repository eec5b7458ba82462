import ArgumentParser
import KotibControlProtocol
import Testing

@testable import kotibctl

@Suite("The command line")
struct OptionTests {
    @Test("The socket that is named wins, then the environment's, then the one that is there")
    func socket() throws {
        let none = try GlobalOptions.parse([])
        #expect(none.socketPath(environment: [:], folder: "/w") { _ in false } == "/run/kotib/kotib.sock")
        #expect(
            none.socketPath(environment: [:], folder: "/w") { $0 == "/w/var/kotib.sock" }
                == "/w/var/kotib.sock")
        #expect(none.socketPath(environment: [:], folder: "/w") { _ in true } == "/run/kotib/kotib.sock")
        #expect(none.socketPath(environment: ["KOTIB_SOCKET": "a"], folder: "/w") == "/w/a")
        let named = try GlobalOptions.parse(["--socket", "/s"])
        #expect(named.socketPath(environment: ["KOTIB_SOCKET": "a"], folder: "/w") == "/s")
    }

    @Test("A filter becomes the daemon's parameters")
    func filter() throws {
        let filter = try Filter.parse(["--status", "failed", "--user", "alisher", "--limit", "5"])
        let query = filter.query(words: "a b").map { $0.0 + "=" + $0.1 }
        #expect(query == ["status=failed", "user=alisher", "q=a b", "limit=5"])
    }

    @Test("A user's settings: what is not named is not sent")
    func settings() throws {
        #expect(try UserSet.parse(["a", "--sidecars", "txt, srt"]).request.sidecars == ["txt", "srt"])
        let reset = try UserSet.parse(["a", "--sidecars", "none", "--language", "default"]).request
        #expect(reset.sidecars == [])
        #expect(reset.language == "")
        #expect(try UserSet.parse(["a", "--language", "uz"]).request.sidecars == nil)
    }

    @Test(
        "What makes no sense is refused",
        arguments: [
            ["list", "--limit", "0"], ["show"], ["show", "x"],
            ["show", "1", "--revisions", "--revision", "2"],
            ["rm"], ["user", "set", "a"], ["user", "link", "a"], ["user", "link", "a", "+1", "--remove"],
            ["user", "role", "a", "king"], ["show", "1", "--format", "exe"],
            ["user", "set", "a", "--sidecars", "txt,exe"], ["show", "1", "--format", "txt", "--json"],
            ["export", "1", "--format", "srt", "--json"],
        ])
    func refused(arguments: [String]) {
        #expect(throws: (any Error).self) { try Kotibctl.parseAsRoot(arguments) }
    }
}
