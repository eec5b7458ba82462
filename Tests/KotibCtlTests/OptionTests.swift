import ArgumentParser
import KotibControlProtocol
import KotibText
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
        "A quota is a number, in powers of 1024 where it is a size",
        arguments: [
            ("0", 0), ("1", 1), ("10k", 10_240), ("5M", 5_242_880), ("10G", 10_737_418_240),
            ("8T", 8_796_093_022_208), ("none", 0), ("default", -1),
        ] as [(String, Int64)])
    func quota(argument: String, number: Int64) throws {
        let request = try UserSet.parse(["a", "--quota-bytes", argument]).request
        #expect(request.quotaBytes == number && request.quotaFiles == nil && request.quotaMinutes == nil)
        let counts = ["a", "--quota-files", "20", "--quota-minutes", "none"]
        #expect(try UserSet.parse(counts).request.quotaFiles == 20)
        #expect(try UserSet.parse(counts).request.quotaMinutes == 0)
    }

    @Test("What a user has is told in units that people read")
    func sizes() {
        let pairs: [(Double, String)] = [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KB"), (1_610_612_736, "1.5 GB"), (-5, "0 B"),
            (.nan, "0 B"),
        ]
        for (bytes, text) in pairs { #expect(Size.text(bytes) == text) }
        let part = QuotaBody.Part(limit: 60, used: 12.5, isOwn: true)
        #expect(Sentence.used(part).text(in: .english) == "12.5 of 60")
        #expect(Sentence.used("7", nil).text(in: .russian) == "7")
        for (seconds, text) in [(299, " (in 299 s)"), (301, " (in 6 min)"), (39_000, " (in 11 h)")] {
            #expect(Sentence.retryHint(seconds: seconds).text(in: .english) == text)
        }
    }

    @Test(
        "What makes no sense is refused",
        arguments: [
            ["list", "--limit", "0"], ["show"], ["show", "x"],
            ["show", "1", "--revisions", "--revision", "2"],
            ["rm"], ["user", "set", "a"], ["user", "link", "a"], ["user", "link", "a", "+1", "--remove"],
            ["user", "set", "a", "--quota-bytes", "-1"], ["user", "set", "a", "--quota-bytes", "G"],
            ["user", "set", "a", "--quota-bytes", "1.5G"], ["user", "set", "a", "--quota-bytes", "9000000T"],
            ["user", "set", "a", "--quota-files", "1K"], ["user", "set", "a", "--quota-minutes", ""],
            ["user", "role", "a", "king"], ["show", "1", "--format", "exe"],
            ["user", "set", "a", "--sidecars", "txt,exe"], ["show", "1", "--format", "txt", "--json"],
            ["export", "1", "--format", "srt", "--json"],
        ])
    func refused(arguments: [String]) {
        #expect(throws: (any Error).self) { try Kotibctl.parseAsRoot(arguments) }
    }
}
