import Foundation
import KotibControlTestSupport
import KotibTestSupport
import KotibText
import Testing

@Suite struct JSONTests {
    /// Every command with its required arguments.
    private static let commands: [[String]] = [
        ["login", "+998901234567"], ["logout"], ["whoami"], ["list"], ["list", "--all"],
        ["show", "1"], ["show", "1", "--revisions"], ["show", "1", "--revision", "2"],
        ["show", "1", "--format", "json"], ["search", "salom"], ["watch", "1"],
        ["upload", "FOLDER/a.wav", "--user", "ali", "--wait"],
        ["edit", "1"], ["edit", "1", "--file", "FOLDER/a.wav"], ["edit", "1", "--restore", "2"],
        ["export", "1", "--format", "json"], ["export", "1", "--format", "txt", "-o", "FOLDER"],
        ["play", "1"], ["retry", "1", "2"], ["texts", "1", "2"], ["rm", "1", "2", "--yes"], ["status"],
        ["user", "list"], ["user", "show", "ali"], ["user", "add", "ali"], ["user", "link", "ali", "+1"],
        ["user", "role", "ali", "admin"], ["user", "set", "ali", "--language", "uz"],
        ["user", "activate", "ali"], ["user", "deactivate", "ali"],
    ]

    private static func reply(_ asked: ScriptedDaemon.Asked) -> ScriptedDaemon.Reply {
        let user = ScriptedDaemon.Reply.user
        let record = ScriptedDaemon.Reply.record(1, "completed", text: "Salom\n\u{1B}[2J", revision: 4)
        let revision = #"{"id":2,"origin":"engine","created_at":"2026-01-01T00:00:00Z","text":"Salom"}"#
        switch asked.what {
        case "POST auth/verify_otp":
            return .init(
                body: #"{"access_token":"t0","token_type":"bearer","user_id":1,"#
                    + #""phone_number":"+998901234567","role":"user"}"#)
        case "POST auth/send_otp", "POST auth/logout", "DELETE audio/1", "DELETE audio/2":
            return .init(body: #"{"message":"Done"}"#)
        case "GET auth/me": return .init(body: #"{"by":"token","user":\#(user.body)}"#)
        case "GET audio/list":
            return .init(body: #"{"items":[\#(record.body)],"total":1,"skip":0,"limit":100}"#)
        case "GET audio/1/revisions": return .init(body: #"{"items":[\#(revision)]}"#)
        case "GET audio/1/revisions/2": return .init(body: revision)
        case "GET audio/1/transcript": return .init(body: #"{"text":"Salom"}"#)
        case "GET audio/1/file": return .init(body: "RIFF")
        case "GET events": return .events(": \n\n")
        case "GET status":
            return .init(
                body: #"{"version":"1","state":"ok","problems":[],"recordings":{},"running":[],"uptime":1}"#)
        case "GET users": return .init(body: #"{"items":[\#(user.body)],"total":1,"skip":0,"limit":1000}"#)
        case "POST audio/1/sidecars", "POST audio/2/sidecars": return .init(body: #"{"message":"Done"}"#)
        case let what where what.contains("users"): return user
        default: return record
        }
    }

    @Test func everyCommandPrintsJSONAndNothingElse() async throws {
        try await ScriptedDaemon.run(Self.reply) { daemon in
            try daemon.folder.write("RIFF", to: "a.wav")
            try daemon.folder.write("#!/bin/sh\n", to: "ffplay")
            _ = try await Command.succeed("chmod", ["755", daemon.folder.path("ffplay")])
            for command in Self.commands {
                let arguments = command.map { $0.replacing("FOLDER", with: daemon.folder.path) }
                let done = try await daemon.run(
                    arguments + ["--json"], input: "123456\n", path: daemon.folder.path + ":/usr/bin:/bin",
                    environment: ["EDITOR": "true"])
                #expect(done.end == .exited(0), "\(command): \(done.errors)")
                // One document, or one a line.
                let documents =
                    isJSON(done.output) ? [done.output] : done.output.split(separator: "\n").map(String.init)
                #expect(!documents.isEmpty, "\(command)")
                for document in documents { #expect(isJSON(document), "\(command): \(document)") }
            }
        }
    }

    @Test func theListOfCommandsIsComplete() async throws {
        let help = try await Command.succeed(
            Installation.find().program("kotibctl"), ["--experimental-dump-help"])
        let root = try JSONDecoder().decode(Help.self, from: Data(help.utf8)).command
        let names = root.leaves.map { $0.dropFirst().joined(separator: " ") }
        #expect(names.count > 15)
        for name in names {
            #expect(Self.commands.contains { $0.joined(separator: " ").hasPrefix(name) }, "\(name)")
        }
    }

    private func isJSON(_ text: String) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8))) != nil
    }

    private struct Help: Decodable {
        struct Node: Decodable {
            var commandName: String
            var subcommands: [Node]?

            /// The full names of the commands that do something.
            var leaves: [[String]] {
                let below = (subcommands ?? []).filter { $0.commandName != "help" }
                guard !below.isEmpty else { return [[commandName]] }
                return below.flatMap(\.leaves).map { [commandName] + $0 }
            }
        }

        var command: Node
    }
}
