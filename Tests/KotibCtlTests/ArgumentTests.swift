import KotibControlTestSupport
import KotibTestSupport
import Testing

@Suite struct ArgumentTests {
    /// Swift puts U+FFFD for the byte: another file or user would be meant.
    @Test(arguments: ["upload --user ali", "user add", "export 1 --format txt -o"])
    func whatIsNoTextIsRefused(command: String) async throws {
        try await ScriptedDaemon.run { _ in
            .notFound
        } _: { daemon in
            let program = try Installation.find().program("kotibctl")
            let refused = try await Command.run(
                "/bin/sh", ["-c", #""$0" \#(command) "$(printf 'a\377.wav')""#, program],
                environment: [
                    "HOME": daemon.folder.path, "KOTIB_SOCKET": daemon.socket, "LC_ALL": "C.UTF-8",
                    "PATH": "/usr/bin:/bin",
                ])
            #expect(refused.end == .exited(64))
            #expect(
                refused.errors
                    == "kotibctl: a\\xff.wav is no UTF-8 text; if it is a file, rename it first\n")
            #expect(daemon.asked.isEmpty)
        }
    }
}
