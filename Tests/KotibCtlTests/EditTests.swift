import Foundation
import HTTPTypes
import KotibTestSupport
import Testing

@Suite struct EditTests {
    /// A program for `$EDITOR` that does `script` with the file as `$1`.
    private func editor(_ script: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.path("my editor")
        try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return "'\(path)'"
    }

    private func left(in folder: TemporaryFolder) throws -> [String] {
        try folder.names().filter { $0.hasPrefix("kotibctl-") }
    }

    private func scripted(
        _ put: ScriptedDaemon.Reply, _ body: (ScriptedDaemon) async throws -> Void
    ) async throws {
        try await ScriptedDaemon.run(
            { asked in
                switch asked.what {
                case "GET audio/1": .record(1, "completed", text: "Salom\ndunyo", revision: 4)
                case "PUT audio/1": put
                case "POST audio/1/revisions/2/restore": .record(1, "completed", text: "Old", revision: 5)
                default: .notFound
                }
            }, body)
    }

    @Test func savesOverTheRevisionThatWasOpened() async throws {
        try await scripted(.record(1, "completed", text: "Hayr", revision: 5)) { daemon in
            let editor = try editor(
                #"stat -c %a "$1" >"$HOME/mode"; sed -i s/Salom/Hayr/ "$1""#, in: daemon.folder)
            let command = try await daemon.kotibctl("edit", "1", environment: ["EDITOR": editor])
            #expect(command.end == .exited(0), "\(command.errors)")
            #expect(command.output == "The words of 1 are saved as revision 5\n")
            let put = daemon.asked.last
            #expect(put?.body == #"{"transcript_text":"Hayr\ndunyo"}"#)
            #expect(put?.headers[.ifMatch] == "\"4\"")
            #expect(try String(contentsOfFile: daemon.folder.path("mode"), encoding: .utf8) == "600\n")
            #expect(try left(in: daemon.folder) == [])
        }
    }

    @Test func whatIsUnchangedIsNotSent() async throws {
        try await scripted(.notFound) { daemon in
            let command = try await daemon.kotibctl(
                "edit", "1", environment: ["VISUAL": "true", "EDITOR": "false"])
            #expect(command.end == .exited(0))
            #expect(daemon.asked.map(\.what) == ["GET audio/1"])
            #expect(try left(in: daemon.folder) == [])
        }
    }

    @Test func aConflictKeepsWhatWasWritten() async throws {
        let current = #","current":{"id":9,"origin":"socket","created_at":"","text":"Theirs"},"yours":"Mine""#
        try await scripted(.refusal(.conflict, "conflict", more: current)) { daemon in
            let editor = try editor(#"echo Mine >"$1""#, in: daemon.folder)
            let command = try await daemon.kotibctl("edit", "1", environment: ["EDITOR": editor])
            #expect(command.end == .exited(1))
            let names = try left(in: daemon.folder)
            let kept = try #require(names.first)
            #expect(command.errors.contains(daemon.folder.path(kept)))
            #expect(try String(contentsOfFile: daemon.folder.path(kept), encoding: .utf8) == "Mine\n")
        }
    }

    @Test func anEditorThatFailsChangesNothing() async throws {
        try await scripted(.notFound) { daemon in
            let editor = try editor(#"echo Mine >"$1"; exit 3"#, in: daemon.folder)
            let command = try await daemon.kotibctl("edit", "1", environment: ["EDITOR": editor])
            #expect(command.end == .exited(1))
            #expect(daemon.asked.map(\.what) == ["GET audio/1"])
            #expect(try left(in: daemon.folder).count == 1)
        }
    }

    @Test func takesWordsFromStandardInput() async throws {
        try await scripted(.record(1, "completed", text: "Yangi", revision: 5)) { daemon in
            let command = try await daemon.kotibctl("edit", "1", "--file", "-", input: "Yangi")
            #expect(command.end == .exited(0))
            #expect(daemon.asked.map(\.body) == [#"{"transcript_text":"Yangi"}"#])
        }
    }

    @Test func restores() async throws {
        try await scripted(.notFound) { daemon in
            let command = try await daemon.kotibctl("edit", "1", "--restore", "2")
            #expect(command.end == .exited(0))
            #expect(daemon.asked.map(\.what) == ["POST audio/1/revisions/2/restore"])
        }
    }

    @Test func wrongArguments() async throws {
        try await scripted(.notFound) { daemon in
            let both = try await daemon.kotibctl("edit", "1", "--file", "a", "--restore", "2")
            #expect(both.end == .exited(64))
            let missing = try await daemon.kotibctl("edit", "1", "--file", "/none")
            #expect(missing.end == .exited(66))
            #expect(daemon.asked.isEmpty)
        }
    }
}
