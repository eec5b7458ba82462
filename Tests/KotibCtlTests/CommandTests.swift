import Glibc
import HTTPTypes
import KotibTestSupport
import Testing

@Suite("Commands, against a daemon that stands in")
struct CommandTests {
    private static let record = #"""
        {"id": 7, "user_id": 1, "file_name": "a.wav", "original_filename": "a\u001b[2J.wav",
         "file_path": "ali/a\u001b[2J.wav", "file_size": 10, "duration": 61.5, "transcript_text": "salom dunyo",
         "transcription_status": "completed", "created_at": "2026-03-01T10:20:30Z",
         "updated_at": "2026-03-01T10:20:30Z", "audio_state": "present", "user_name": "ali", "revision": 3}
        """#

    @Test("A list is a table without a stranger's control characters, or the daemon's own JSON")
    func list() async throws {
        let json = #"{"items": [\#(Self.record)], "total": 3, "skip": 0, "limit": 100, "next": null}"#
        try await StandInDaemon.run(["GET audio/list": .init(json: json)]) { daemon in
            let table = try await daemon.kotibctl("list")
            #expect(table.end == .exited(0))
            #expect(table.output.contains("7  completed  2026-03-01 10:20    1:02  ali   a\\u{1B}[2J.wav"))
            #expect(!table.output.contains("\u{1B}"))
            #expect(table.errors == "1 of 3; the rest: --all\n")
            #expect(
                try await daemon.kotibctl("list", "--json").output == json.replacing("\n", with: " ") + "\n")
        }
    }

    @Test("What is doubtful is marked in the list and said in full of one recording")
    func doubtful() async throws {
        let warnings =
            #""warnings": [{"code": "sound_set_aside", "message": "A part is unclear.", "seconds": 2}]"#
        let record = Self.record.replacing(#""revision": 3"#, with: #""revision": 3, "# + warnings)
        let status = #"""
            {"version": "1", "state": "ok", "problems": [], "recordings": {"completed": 5}, "doubtful": 2,
             "running": []}
            """#
        let list = #"{"items": [\#(record)], "total": 1, "skip": 0, "limit": 100}"#
        let replies = [
            "GET audio/list": StandInDaemon.Reply(json: list),
            "GET audio/7": .init(json: record), "GET status": .init(json: status),
        ]
        try await StandInDaemon.run(replies) { daemon in
            #expect(try await daemon.kotibctl("list").output.contains("7  completed, doubtful  2026"))
            #expect(try await daemon.kotibctl("show", "7").output.contains("WARNING   A part is unclear."))
            let lines = try await daemon.kotibctl("status").output.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("doubtful") && $0.hasSuffix(" 2") })
        }
    }

    @Test("A name that ends wrong is told of one recording, and is no doubt")
    func extensionMismatch() async throws {
        let warnings =
            #""warnings": [{"code": "wrong_ending", "message": "It is AAC; .aac would be right."}]"#
        let record = Self.record.replacing(#""revision": 3"#, with: #""revision": 3, "# + warnings)
        let replies = [
            "GET audio/list": StandInDaemon.Reply(
                json: #"{"items": [\#(record)], "total": 1, "skip": 0, "limit": 100}"#),
            "GET audio/7": .init(json: record),
        ]
        try await StandInDaemon.run(replies) { daemon in
            let list = try await daemon.kotibctl("list").output
            #expect(list.contains("7  completed  2026"))
            let facts = try await daemon.kotibctl("show", "7").output
            #expect(facts.contains("WARNING   It is AAC; .aac would be right."))
        }
    }

    @Test("Who may not connect is told the socket and the group that may, and not that nothing runs")
    func connectionDenied() async throws {
        try await StandInDaemon.run([:]) { daemon in
            // Root may always connect, and another account has to reach the program and the socket.
            let asOther =
                geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
            let program = try Installation.find().program("kotibctl")
            func status() async throws -> Command {
                try await Command.run(
                    "/usr/bin/env", asOther + [program, "status"],
                    environment: [
                        "HOME": "/nonexistent", "KOTIB_SOCKET": daemon.socket, "LC_ALL": "C.UTF-8",
                    ])
            }
            let group = try #require(getgrgid(getegid()).map { String(cString: $0.pointee.gr_name) })
            let denied = "kotibctl: \(daemon.socket): permission denied: only "
            let whose = "members of the group \(group) may connect\n"
            chmod(daemon.folder.path, 0o711)
            for (mode, who) in [(0o060, whose), (0o000, "its owner may connect\n")] {
                chmod(daemon.socket, mode_t(mode))
                let refused = try await status()
                #expect(refused.errors == denied + who && refused.end == .exited(77))
            }
            // As where the socket's folder is closed.
            if geteuid() == 0 {
                chmod(daemon.folder.path, 0o710)
                let refused = try await status()
                #expect(refused.errors == denied + whose && refused.end == .exited(77))
            }
            chmod(daemon.folder.path, 0o711)
            daemon.folder.remove("s")
            let nobody = try await status()
            #expect(nobody.errors.contains("is it running?") && nobody.end == .exited(69))
        }
    }

    @Test("Where there is nothing, that is said beside the output")
    func nothing() async throws {
        let json = #"{"items": [], "total": 0, "skip": 0, "limit": 100, "next": null}"#
        let replies = ["GET audio/list": StandInDaemon.Reply(json: json), "GET users": .init(json: json)]
        try await StandInDaemon.run(replies) { daemon in
            let said = [
                (["list"], "There are no recordings yet\n", Int32(0)),
                (["list", "--status", "failed"], "Nothing was found\n", 0),
                (["list", "--min-duration", "60"], "Nothing was found\n", 0),
                (["user", "list"], "There are no users yet (kotibctl user add)\n", 0),
                (["search", "a"], "kotibctl: Nothing was found\n", 1),
            ]
            for (arguments, sentence, code) in said {
                let empty = try await daemon.kotibctl(arguments)
                #expect(empty.end == .exited(code) && empty.errors == sentence && empty.output == "")
            }
            #expect(try await daemon.kotibctl(["search", "a", "--json"]).end == .exited(1))
        }
    }

    @Test("Engines are a column only where somebody has one of their own", arguments: [false, true])
    func userList(hasEngine: Bool) async throws {
        let engine = hasEngine ? #""engine": "local", "# : ""
        let users = #"""
            {"items": [{"id": 1, "name": "ali", "role": "user", "is_active": true, \#(engine)"sidecars": ["txt"],
             "created_at": "2026-01-01T00:00:00Z"}], "total": 1, "skip": 0, "limit": 1000}
            """#
        try await StandInDaemon.run(["GET users": .init(json: users)]) { daemon in
            let lines = try await daemon.kotibctl("user", "list").output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.contains("ENGINE") == hasEngine)
            #expect(lines.last?.hasSuffix("local") == hasEngine)
        }
    }

    @Test("A recording's words follow what is known of it")
    func show() async throws {
        try await StandInDaemon.run(["GET audio/7": .init(json: Self.record)]) { daemon in
            let shown = try await daemon.kotibctl("show", "7", locale: "uz_UZ.UTF-8")
            #expect(shown.end == .exited(0))
            #expect(shown.output.contains("tayyor"))
            #expect(shown.output.hasSuffix("\n\nsalom dunyo\n"))
        }
    }

    @Test(
        "A refusal is the daemon's sentence and an exit code",
        arguments: [
            (401, Int32(77)), (403, 77), (404, 66), (409, 1), (422, 64), (429, 75), (503, 75), (500, 1),
        ])
    func refusals(status: Int, code: Int32) async throws {
        let reply = StandInDaemon.Reply(
            status: .init(code: status), json: #"{"detail": "Bo'lmaydi", "code": "x"}"#,
            headers: [.retryAfter: "9"])
        try await StandInDaemon.run(["POST audio/7/retry": reply]) { daemon in
            let refused = try await daemon.kotibctl("retry", "7")
            #expect(refused.end == .exited(code))
            #expect(refused.errors.hasPrefix("kotibctl: 7: Bo'lmaydi"))
            #expect(refused.output.isEmpty)
        }
    }

    @Test("A log-in is kept, and of no use any more after the log-out")
    func login() async throws {
        let login =
            #"{"access_token": "t0", "token_type": "bearer", "user_id": 1, "phone_number": "+1", "role": "user"}"#
        let replies: [String: StandInDaemon.Reply] = [
            "POST auth/send_otp": .init(json: #"{"message": "OTP kodi yuborildi"}"#),
            "POST auth/verify_otp": .init(json: login),
            "POST auth/logout": .init(json: #"{"message": "Bye"}"#),
        ]
        try await StandInDaemon.run(replies) { daemon in
            #expect(try await daemon.kotibctl("logout").end == .exited(77))
            let done = try await daemon.kotibctl("login", input: "+1\n123456\n")
            #expect(done.end == .exited(0))
            #expect(done.output == "Logged in as +1\n")
            #expect(try daemon.folder.names(in: ".local/state/kotib").count == 1)
            #expect(try await daemon.kotibctl("logout").output == "Bye\n")
            #expect(try daemon.folder.names(in: ".local/state/kotib").isEmpty)
        }
    }

    @Test("Deleting off a terminal needs --yes; one that is not there does not keep the others")
    func remove() async throws {
        try await StandInDaemon.run(["DELETE audio/7": .init(json: #"{"message": "Gone"}"#)]) { daemon in
            #expect(try await daemon.kotibctl("rm", "7").end == .exited(64))
            let removed = try await daemon.kotibctl("rm", "--yes", "6", "7", "8")
            #expect(removed.end == .exited(66))
            #expect(removed.output == "7: Gone\n")
            #expect(removed.errors == "kotibctl: 6: Yozuv topilmadi\nkotibctl: 8: Yozuv topilmadi\n")
        }
    }

    @Test(
        "A search that is too long is refused here, and an older daemon's refusal is told in one's language")
    func tooLong() async throws {
        let sentence = "kotibctl: The request is too long: shorten the words that are searched for\n"
        let reply = StandInDaemon.Reply(
            status: .init(code: 431), json: #"{"detail": "So'rov juda katta", "code": "too_large"}"#)
        try await StandInDaemon.run(["GET audio/list": reply]) { daemon in
            for words in [String(repeating: "ў", count: 2500), "short"] {
                let refused = try await daemon.kotibctl("search", words)
                #expect(refused.end == .exited(64) && refused.errors == sentence)
            }
        }
    }

    @Test("A degraded daemon is told by the exit code and in words")
    func status() async throws {
        let json = #"""
            {"version": "1", "state": "degraded", "problems": ["No disk"], "recordings": {"failed": 2},
             "running": []}
            """#
        try await StandInDaemon.run(["GET status": .init(json: json)]) { daemon in
            let status = try await daemon.kotibctl("status")
            #expect(status.end == .exited(1))
            #expect(status.output.contains("No disk"))
        }
    }

    @Test("No daemon, or another program, has a sentence and a code of its own")
    func noDaemon() async throws {
        try await StandInDaemon.run(["GET status": .init(json: "<html>")]) { daemon in
            #expect(try await daemon.kotibctl("status").end == .exited(76))
            let nobody = try await daemon.kotibctl("status", "--socket", "/nowhere/s")
            #expect(nobody.end == .exited(69))
            #expect(nobody.errors.contains("kotibd does not answer at /nowhere/s: is it running?"))
        }
    }
}
