import Foundation
import KotibTestSupport
import Testing

@Suite struct ManualTests {
    private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test func thePageIsWhatTheProgramSays() async throws {
        let program = try Installation.find().program("kotibctl")
        let made = try await Command.succeed(
            "/bin/sh", ["-c", #""$0" --experimental-dump-help | "$1/etc/setup/manual.py""#, program, root])
        let page = try String(contentsOfFile: root + "/docs/kotibctl.1", encoding: .utf8)
        #expect(made == page, "Run: kotibctl --experimental-dump-help | etc/setup/manual.py >docs/kotibctl.1")
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completes(shell: String) async throws {
        let program = try Installation.find().program("kotibctl")
        let script = try await Command.succeed(program, ["--generate-completion-script", shell])
        #expect(script.contains("kotibctl") && script.contains("restore"))
    }
}
