import Foundation
import HTTPTypes
import KotibControlProtocol
import KotibControlTestSupport
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
            #expect(
                command.output
                    == "The words of 1 are saved as revision 5; to undo: kotibctl edit 1 --restore 4\n")
            let put = daemon.asked.last
            #expect(put?.body == #"{"transcript_text":"Hayr\ndunyo"}"#)
            #expect(put?.headers[.ifMatch] == "\"4\"")
            #expect(try String(contentsOfFile: daemon.folder.path("mode"), encoding: .utf8) == "600\n")
            #expect(try left(in: daemon.folder) == [])
        }
    }

    @Test func unchangedTextIsNotSent() async throws {
        try await scripted(.notFound) { daemon in
            let command = try await daemon.kotibctl(
                "edit", "1", environment: ["VISUAL": "true", "EDITOR": "false"])
            #expect(command.end == .exited(0))
            #expect(daemon.asked.map(\.what) == ["GET audio/1"])
            #expect(try left(in: daemon.folder) == [])
        }
    }

    /// The daemon's answer where `theirs` has been saved meanwhile.
    private func conflict(_ theirs: String, _ mine: String) -> ScriptedDaemon.Reply {
        .refusal(
            .conflict, "conflict",
            more:
                #","current":{"id":9,"origin":"socket","author":"vali","created_at":"2026-03-01T10:20:30Z","#
                + #""text":"\#(theirs)"},"yours":"\#(mine)""#)
    }

    @Test func aConflictKeepsWhatWasWrittenShowsBothAndSaysHowToGoOn() async throws {
        let theirs = #"one two three four five six Theirs\u001b[2J seven eight nine ten eleven"#
        let mine = "one two three four five six Mine seven eight nine ten eleven"
        try await scripted(conflict(theirs, mine)) { daemon in
            let editor = try editor(#"echo Mine >"$1""#, in: daemon.folder)
            let command = try await daemon.kotibctl("edit", "1", environment: ["EDITOR": editor])
            #expect(command.end == .exited(65))
            let kept = try #require(try left(in: daemon.folder).first)
            let path = daemon.folder.path(kept)
            #expect(daemon.folder.read(kept) == "Mine\n")
            #expect(
                command.errors == """
                    kotibctl: No: conflict
                    Revision 9 (vali, 2026-03-01 10:20) has [-this-], yours {+this+}:
                      one two three four five six [-Theirs\\u{1B}[2J-] {+Mine+} seven eight nine ten eleven
                    kotibctl: What you wrote is in \(path). Put there what is to stand of both, then: \
                    kotibctl edit 1 --file \(path) --if-revision 9

                    """)
            #expect(command.output.isEmpty)
        }
    }

    @Test func aConflictAsJSONIsTheDaemonsAnswer() async throws {
        try await scripted(conflict("Theirs", "Mine")) { daemon in
            try daemon.folder.write("Mine", to: "mine")
            let command = try await daemon.kotibctl(
                "edit", "1", "--file", daemon.folder.path("mine"), "--json")
            #expect(command.end == .exited(65))
            let body = try JSONDecoder().decode(ErrorBody.self, from: Data(command.output.utf8))
            #expect(body.current?.text == "Theirs" && body.yours == "Mine")
        }
    }

    @Test func standardInputSurvivesAConflict() async throws {
        try await scripted(conflict("Theirs", "Mine")) { daemon in
            let command = try await daemon.kotibctl("edit", "1", "--file", "-", input: "Mine")
            #expect(command.end == .exited(65))
            let kept = try #require(try left(in: daemon.folder).first)
            #expect(daemon.folder.read(kept) == "Mine")
            let goOn = "kotibctl edit 1 --file \(daemon.folder.path(kept)) --if-revision 9\n"
            #expect(command.errors.hasSuffix(goOn))
        }
    }

    @Test func unsavedTextIsKeptWithTheCommand() async throws {
        try await scripted(.refusal(.serviceUnavailable, "unavailable")) { daemon in
            let editor = try editor(#"echo Mine >"$1""#, in: daemon.folder)
            let command = try await daemon.kotibctl("edit", "1", environment: ["EDITOR": editor])
            #expect(command.end == .exited(75))
            let kept = try #require(try left(in: daemon.folder).first)
            let goOn = "to save it: kotibctl edit 1 --file \(daemon.folder.path(kept)) --if-revision 4\n"
            #expect(command.errors.hasSuffix(goOn))
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

    @Test func takesWordsFromStandardInputOverWhatStoodAtTheStart() async throws {
        try await scripted(.record(1, "completed", text: "Yangi", revision: 5)) { daemon in
            let command = try await daemon.kotibctl("edit", "1", "--file", "-", input: "Yangi")
            #expect(command.end == .exited(0))
            #expect(daemon.asked.map(\.what) == ["GET audio/1", "PUT audio/1"])
            #expect(daemon.asked.last?.body == #"{"transcript_text":"Yangi"}"#)
            #expect(daemon.asked.last?.headers[.ifMatch] == "\"4\"")
        }
    }

    @Test func emptyStandardInputChangesNothing() async throws {
        try await scripted(.record(1, "completed", text: "", revision: 5)) { daemon in
            let empty = try await daemon.kotibctl("edit", "1", "--file", "-", input: "")
            #expect(empty.end == .exited(1))
            #expect(
                empty.errors
                    == "kotibctl: Standard input is empty; nothing was changed. To empty the words on purpose: "
                    + "kotibctl edit 1 --file /dev/null\n")
            #expect(daemon.asked.map(\.what) == ["GET audio/1"])
            #expect(try await daemon.kotibctl("edit", "1", "--file", "/dev/null").end == .exited(0))
            #expect(daemon.asked.last?.body == #"{"transcript_text":""}"#)
        }
    }

    @Test func theRevisionThatIsNamedDecides() async throws {
        try await scripted(.record(1, "completed", text: "Yangi", revision: 5)) { daemon in
            let options = ["--if-revision", "3"]
            _ = try await daemon.kotibctl(
                "edit", "1", "--file", "-", options[0], options[1], input: "Yangi")
            _ = try await daemon.kotibctl("edit", "1", "--restore", "2", options[0], options[1])
            #expect(daemon.asked.map(\.what) == ["PUT audio/1", "POST audio/1/revisions/2/restore"])
            #expect(daemon.asked.map { $0.headers[.ifMatch] } == ["\"3\"", "\"3\""])
        }
    }

    @Test func restores() async throws {
        try await scripted(.notFound) { daemon in
            let command = try await daemon.kotibctl("edit", "1", "--restore", "2")
            #expect(command.end == .exited(0))
            #expect(daemon.asked.map(\.what) == ["GET audio/1", "POST audio/1/revisions/2/restore"])
            #expect(daemon.asked.last?.headers[.ifMatch] == "\"4\"")
        }
    }

    @Test func wrongArguments() async throws {
        try await scripted(.notFound) { daemon in
            let both = try await daemon.kotibctl("edit", "1", "--file", "a", "--restore", "2")
            #expect(both.end == .exited(64))
            let missing = try await daemon.kotibctl("edit", "1", "--file", "/none")
            #expect(missing.end == .exited(66))
            let alone = try await daemon.kotibctl("edit", "1", "--if-revision", "2")
            #expect(alone.end == .exited(64))
            #expect(daemon.asked.map(\.what) == ["GET audio/1"])
        }
    }
}
