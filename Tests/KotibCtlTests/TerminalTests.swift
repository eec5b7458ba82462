import Foundation
import HTTPTypes
import KotibControlTestSupport
import KotibTestSupport
import Testing

@testable import kotibctl

/// kotibctl with a person at a terminal.
@Suite struct TerminalTests {
    private func onTerminal(
        _ daemon: ScriptedDaemon, _ arguments: String..., environment: [String: String] = [:],
        _ body: (PseudoTerminal) async throws -> Void
    ) async throws {
        let own = ["HOME": daemon.folder.path, "KOTIB_SOCKET": daemon.socket, "TMPDIR": daemon.folder.path]
        try await PseudoTerminal().run(
            Installation.find().program("kotibctl"), arguments, environment: own.merging(environment) { $1 },
            body)
    }

    private func watching(_ asked: ScriptedDaemon.Asked) -> ScriptedDaemon.Reply {
        switch asked.what {
        case "GET audio/1": .record(1, "processing")
        case "GET events": .events(progress(1, 0.5, remaining: 5))
        default: .notFound
        }
    }

    @Test func aTerminalThatBecomesNarrowerIsDrawnAnew() async throws {
        try await ScriptedDaemon.run(watching) { daemon in
            try await onTerminal(daemon, "watch", "1") { terminal in
                try await terminal.wait(for: "50%")
                let before = terminal.output.count
                try terminal.resize(columns: 40)
                // Two lines of 79 columns have become four.
                try await terminal.wait(for: "\u{1B}[4A")
                try await waitUntil("a frame is whole") {
                    terminal.output.dropFirst(before).contains("\u{1B}[J")
                }
                let frame = try #require(
                    terminal.output.components(separatedBy: "\u{1B}[4A").last?
                        .components(separatedBy: "\u{1B}[J").first)
                let lines = frame.components(separatedBy: "\u{1B}[K\r\n").dropLast()
                #expect(lines.count == 2)
                #expect(lines.allSatisfy { (20...39).contains($0.displayWidth) && $0.contains("50%") })
            }
        }
    }

    @Test func ctrlCEndsWatchAndLeavesTheTerminalClean() async throws {
        try await ScriptedDaemon.run(watching) { daemon in
            try await onTerminal(daemon, "watch", "1") { terminal in
                try await terminal.wait(for: "50%")
                try terminal.type("\u{3}")
                try await terminal.wait(for: "[exit 130]")
                let shown = terminal.output
                // Each frame ends at the start of an empty line.
                #expect(shown.contains("\u{1B}[J^C"), "\(shown)")
                #expect(terminal.isAsShellsWantIt)
                let unset = ["\u{1B}[?25l", "\u{1B}[?1049h"]
                #expect(unset.allSatisfy { !shown.contains($0) }, "a mode was set that nobody resets")
            }
        }
    }

    @Test func watchingAnEmptyQueueSaysSo() async throws {
        try await ScriptedDaemon.run { asked in
            asked.what == "GET audio/list"
                ? .init(body: #"{"items":[],"total":0,"skip":0,"limit":1000}"#) : .events(": \n\n")
        } _: { daemon in
            try await onTerminal(daemon, "watch") { terminal in
                try await terminal.wait(for: "The queue is empty; waiting for recordings (Ctrl-C ends this)")
            }
        }
    }

    private func login(_ asked: ScriptedDaemon.Asked) -> ScriptedDaemon.Reply {
        switch asked.what {
        case "POST auth/send_otp" where asked.body.contains("+998901234567"):
            .init(body: #"{"message":"The code was sent"}"#)
        case "POST auth/send_otp": .refusal(.unprocessableContent, "invalid")
        case "POST auth/verify_otp" where asked.body.contains("654321"):
            .init(
                body: #"{"access_token":"t0","token_type":"bearer","user_id":1,"#
                    + #""phone_number":"+998901234567","role":"user"}"#)
        case "POST auth/verify_otp": .refusal(.badRequest, "wrong_code")
        default: .notFound
        }
    }

    @Test func ctrlCAtAQuestionEndsTheLogInAndLeavesTheTerminalClean() async throws {
        try await ScriptedDaemon.run(login) { daemon in
            for answers in [[], ["+998901234567\n"]] {
                try await onTerminal(daemon, "login") { terminal in
                    try await terminal.wait(for: "Phone number: ")
                    for answer in answers {
                        try terminal.type(answer)
                        try await terminal.wait(for: "Code from the message: ")
                    }
                    try terminal.type("12\u{3}")
                    try await terminal.wait(for: "[exit 130]")
                    #expect(terminal.isAsShellsWantIt)
                }
            }
            #expect(try !daemon.folder.names().contains(".local"))
        }
    }

    @Test func aWrongAnswerIsAskedForAgain() async throws {
        try await ScriptedDaemon.run(login) { daemon in
            try await onTerminal(daemon, "login") { terminal in
                try await terminal.wait(for: "Phone number: ")
                try terminal.type("12\n")
                try await terminal.wait(for: "12 is no phone number: write it with + and the country")
                try await waitUntil("it asks again") {
                    terminal.output.components(separatedBy: "Phone number: ").count == 3
                }
                try terminal.type("+998901234567\n")
                try await terminal.wait(for: "Code from the message: ")
                try terminal.type("1\n")
                try await waitUntil("it asks again") {
                    terminal.output.components(separatedBy: "Code from the message: ").count == 3
                }
                try terminal.type("654321\n")
                try await terminal.wait(for: "Logged in as +998901234567\r\n[exit 0]")
            }
        }
    }

    @Test func aThirdWrongCodeIsTheLast() async throws {
        try await ScriptedDaemon.run(login) { daemon in
            try await onTerminal(daemon, "login", "+998901234567") { terminal in
                for count in 2...4 {
                    try await waitUntil("it asks") {
                        terminal.output.components(separatedBy: "Code from the message: ").count == count
                    }
                    try terminal.type("1\n")
                }
                try await terminal.wait(for: "[exit 1]")
            }
            #expect(daemon.asked.count { $0.what == "POST auth/verify_otp" } == 3)
        }
    }

    @Test func coloursAreForTerminalsWhereNoColorDoesNotForbidThem() async throws {
        try await ScriptedDaemon.run { _ in
            .record(1, "failed", error: "no sound")
        } _: { daemon in
            let red = "\u{1B}[31mfailed\u{1B}[0m"
            for (environment, isRed) in [
                ([:], true), (["NO_COLOR": "1"], false), (["NO_COLOR": ""], true), (["TERM": "dumb"], false),
            ] {
                try await onTerminal(daemon, "show", "1", environment: environment) { terminal in
                    try await terminal.wait(for: "[exit 0]")
                    #expect(terminal.output.contains(red) == isRed, "\(environment)")
                    #expect(isRed || !terminal.output.contains("\u{1B}"), "\(environment)")
                }
            }
            #expect(try await !daemon.kotibctl("show", "1").output.contains("\u{1B}"))
        }
    }

    @Test func aReaderThatGoesAwayIsNoTrouble() async throws {
        // More than a pipe holds.
        let record = ScriptedDaemon.Reply.record(1, "completed").body
        let items = repeatElement(record, count: 5000).joined(separator: ",")
        let list = ScriptedDaemon.Reply(
            body: #"{"items":[\#(items)],"total":5000,"skip":0,"limit":1000}"#)
        try await ScriptedDaemon.run { _ in
            list
        } _: { daemon in
            let script = #""$0" list | head -1; echo "${PIPESTATUS[@]}""#
            let command = try await Command.run(
                "/bin/bash", ["-c", script, Installation.find().program("kotibctl")],
                environment: ["HOME": daemon.folder.path, "KOTIB_SOCKET": daemon.socket])
            #expect(command.output.hasPrefix("ID  STATE") && command.output.hasSuffix("\n141 0\n"))
            #expect(command.errors == "")
        }
    }
}
