import Foundation
import Glibc
import HTTPTypes
import KotibControlTestSupport
import KotibTestSupport
import Testing

@testable import kotibctl

@Suite struct UploadTests {
    @Test func sendsFilesAndGoesOnAfterOneThatIsRefused() async throws {
        try await ScriptedDaemon.run { asked in
            asked.before == 0 ? .refusal(.badRequest, "refused") : .record(7, "pending")
        } _: { daemon in
            for name in ["a.wav", "b \".wav"] {
                try "RIFF".write(toFile: daemon.folder.path(name), atomically: true, encoding: .utf8)
            }
            let command = try await daemon.kotibctl(
                "upload", daemon.folder.path("a.wav"), "/none", "/", daemon.folder.path("b \".wav"), "--user",
                "ali")
            #expect(command.end == .exited(66) || command.end == .exited(1))
            #expect(command.output == "7 ali/7.wav\n")
            #expect(command.errors.contains("No: refused") && command.errors.contains("/none"))
            #expect(daemon.asked.count == 2)
            let body = try #require(daemon.asked.last?.body)
            #expect(body.contains(#"filename="b %22.wav""#) && body.contains("\r\n\r\nRIFF\r\n--"))
        }
    }

    @Test func waitsForTheWords() async throws {
        try await ScriptedDaemon.run { asked in
            switch asked.what {
            case "GET auth/me": .init(body: #"{"by":"token","user":\#(ScriptedDaemon.Reply.user.body)}"#)
            case "POST audio/upload": .record(7, "pending")
            case "GET audio/7": .record(7, "pending")
            case "GET events": .events(changed(7, "completed", event: 1))
            default: .notFound
            }
        } _: { daemon in
            try "RIFF".write(toFile: daemon.folder.path("a.wav"), atomically: true, encoding: .utf8)
            let command = try await daemon.kotibctl("upload", daemon.folder.path("a.wav"), "--wait")
            #expect(command.end == .exited(0))
            #expect(command.output.hasSuffix("7 ali/7.wav done\n"))
        }
    }
}

@Suite struct UploadForNobodyTests {
    @Test func theLocalOperatorMustSayWhoseFolder() async throws {
        try await ScriptedDaemon.run { _ in
            .init(body: #"{"by":"operator"}"#)
        } _: { daemon in
            try daemon.folder.write("RIFF", to: "a.wav")
            let command = try await daemon.kotibctl("upload", daemon.folder.path("a.wav"))
            #expect(command.end == .exited(64) && command.errors.contains("--user"))
            #expect(daemon.asked.map(\.what) == ["GET auth/me"])
        }
    }
}

@Suite struct ExportTests {
    private func scripted(_ body: (ScriptedDaemon) async throws -> Void) async throws {
        try await ScriptedDaemon.run(
            { asked in
                switch asked.what {
                case "GET audio/1/transcript", "GET audio/2/transcript": .init(body: "# Salom\n\nDunyo\n")
                case "GET audio/1": .record(1, "completed")
                case "GET audio/2": .record(2, "completed")
                case "GET audio/3/transcript": .refusal(.conflict, "wrong_state")
                default: .notFound
                }
            }, body)
    }

    @Test func oneGoesToStandardOutput() async throws {
        try await scripted { daemon in
            let command = try await daemon.kotibctl("export", "1", "--format", "md")
            #expect(command.output == "# Salom\n\nDunyo\n")
        }
    }

    @Test func severalGoToAFolderAndOneThatFailsKeepsNoOther() async throws {
        try await scripted { daemon in
            try daemon.folder.makeFolder("out")
            let command = try await daemon.kotibctl(
                "export", "1", "3", "2", "--format", "txt", "-o", daemon.folder.path("out"))
            #expect(command.end == .exited(1))
            let names = try FileManager.default.contentsOfDirectory(atPath: daemon.folder.path("out"))
                .sorted()
            #expect(names == ["Suhbat 1-1.txt", "Suhbat 2-2.txt"])
        }
    }

    @Test func severalIntoOneFileAreRefused() async throws {
        try await scripted { daemon in
            let command = try await daemon.kotibctl("export", "1", "2", "--format", "txt", "-o", "/none")
            #expect(command.end == .exited(64))
        }
    }

    @Test func aFileThatCannotBeWritten() async throws {
        try await scripted { daemon in
            let command = try await daemon.kotibctl("export", "1", "--format", "txt", "-o", "/none/a.txt")
            #expect(command.end == .exited(73))
        }
    }

    private func export(to path: String, _ daemon: ScriptedDaemon) async throws -> Command {
        try await daemon.kotibctl("export", "1", "--format", "md", "-o", path)
    }

    @Test func aFileThatIsReplacedKeepsItsMode() async throws {
        try await scripted { daemon in
            let path = daemon.folder.path("a.md")
            try daemon.folder.write("mine", to: "a.md")
            chmod(path, 0o604)
            #expect(try await export(to: path, daemon).end == .exited(0))
            #expect(daemon.folder.read("a.md") == "# Salom\n\nDunyo\n")
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o604)
            #expect(try daemon.folder.names().filter { $0.hasPrefix(".kotibctl") } == [])
        }
    }

    @Test func aLinkIsFollowed() async throws {
        try await scripted { daemon in
            let folder = daemon.folder
            try folder.makeFolder("far")
            try folder.write("mine", to: "far/real.md")
            for (link, target) in [
                ("a.md", "b.md"), ("b.md", "far/real.md"), ("new.md", folder.path("far/new.md")),
            ] {
                try #require(symlink(target, folder.path(link)) == 0)
            }
            for name in ["a.md", "new.md"] {
                let command = try await export(to: folder.path(name), daemon)
                #expect(command.end == .exited(0), "\(command.errors)")
            }
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("a.md")) == "b.md")
            #expect(folder.read("far/real.md") == "# Salom\n\nDunyo\n")
            #expect(folder.read("far/new.md") == "# Salom\n\nDunyo\n")
            try #require(symlink("loop", folder.path("loop")) == 0)
            #expect(try await export(to: folder.path("loop"), daemon).end == .exited(73))
        }
    }

    /// Root would have replaced the device of the whole machine.
    @Test func aDeviceOrAPipeIsWrittenTo() async throws {
        try await scripted { daemon in
            let null = daemon.folder.path("null.md")
            try #require(symlink("/dev/null", null) == 0)
            #expect(try await export(to: null, daemon).end == .exited(0))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: null) == "/dev/null")
            let pipe = daemon.folder.path("pipe")
            try #require(mkfifo(pipe, 0o600) == 0)
            let reader = open(pipe, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            defer { close(reader) }
            #expect(try await export(to: pipe, daemon).end == .exited(0))
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = read(reader, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "# Salom\n\nDunyo\n")
        }
    }

    @Test func standardOutputIsItselfUnderAnyName() async throws {
        try await scripted { daemon in
            let command = try await export(to: "/proc/self/fd/1", daemon)
            #expect(command.end == .exited(0) && command.output == "# Salom\n\nDunyo\n")
        }
    }

    /// Somebody else may have put it there.
    @Test func aLinkThatNobodyNamedIsNotFollowed() async throws {
        try await scripted { daemon in
            try daemon.folder.makeFolder("out")
            try daemon.folder.write("theirs", to: "other")
            try #require(symlink("../other", daemon.folder.path("out/Suhbat 1-1.md")) == 0)
            #expect(try await export(to: daemon.folder.path("out"), daemon).end == .exited(0))
            #expect(daemon.folder.read("other") == "theirs")
            #expect(daemon.folder.read("out/Suhbat 1-1.md") == "# Salom\n\nDunyo\n")
        }
    }

    @Test func pandocMakesADocument() async throws {
        try await scripted { daemon in
            let path = daemon.folder.path("a.docx")
            try tool("pandoc", #"cat; echo "$@""#, in: daemon.folder)
            let command = try await daemon.kotibctl(
                "export", "1", "--format", "docx", "-o", path, path: "\(daemon.folder.path):/usr/bin:/bin")
            #expect(command.end == .exited(0), "\(command.errors)")
            let document = try String(contentsOfFile: path, encoding: .utf8)
            #expect(document == "# Salom\n\nDunyo\n--from commonmark-raw_html --to docx --output -\n")
        }
    }

    @Test(arguments: ["docx", "pdf"]) func missingFieldIsNamed(format: String) async throws {
        try await scripted { daemon in
            if format == "pdf" { try tool("pandoc", "exit 1", in: daemon.folder) }
            let command = try await daemon.kotibctl(
                "export", "1", "--format", format, path: daemon.folder.path)
            #expect(command.end == .exited(1))
            #expect(command.errors.contains("apt install \(format == "pdf" ? "weasyprint" : "pandoc")"))
        }
    }

    @Test func pandocErrorsAreShown() async throws {
        try await scripted { daemon in
            try tool("pandoc", "echo no luck >&2; exit 1", in: daemon.folder)
            let command = try await daemon.kotibctl(
                "export", "1", "--format", "docx", path: "\(daemon.folder.path):/bin")
            #expect(command.end == .exited(1), "\(command.errors)")
            #expect(command.errors.contains("no luck"))
        }
    }

    @Test func namesOfFiles() {
        #expect(Export.fileName(of: "a.b.mp3", id: 3, .pdf) == "a.b-3.pdf")
        #expect(Export.fileName(of: "../../etc/pass\u{1B}wd", id: 3, .txt) == "pass\\u{1B}wd-3.txt")
        #expect(Export.fileName(of: "", id: 3, .txt) == "3.txt")
        #expect(Export.fileName(of: String(repeating: "ў", count: 200), id: 3, .txt).utf8.count <= 255)
    }
}

@Suite struct PlayTests {
    @Test func positions() {
        let texts = ["80", "1:20", "1:02:03", "", ":", "1:60", "-1", "1:2:3:4", "٣", "1e3"]
        #expect(
            texts.map { PlayPosition(argument: $0)?.seconds } == [80, 80, 3723]
                + Array(repeating: nil, count: 7))
    }

    @Test func aPlayerIsGivenTheSoundAndNothingStays() async throws {
        try await ScriptedDaemon.run { _ in
            .init(body: "RIFF")
        } _: { daemon in
            try tool(
                "ffplay", #"for last; do :; done; cat "$last"; echo " $*" | sed s,/proc.*,,"#,
                in: daemon.folder)
            let command = try await daemon.kotibctl(
                "play", "1", "--from", "1:20", path: "\(daemon.folder.path):/usr/bin:/bin")
            #expect(command.end == .exited(0), "\(command.errors)")
            #expect(command.output.hasPrefix("RIFF -nodisp -autoexit") && command.output.contains("-ss 80"))
            #expect(daemon.asked.map(\.what) == ["GET audio/1/file"])
            #expect(try daemon.folder.names().filter { $0.hasPrefix("kotibctl-") } == [])
        }
    }

    @Test func missingPlayerIsReported() async throws {
        try await ScriptedDaemon.run { _ in
            .notFound
        } _: { daemon in
            let command = try await daemon.kotibctl("play", "1", path: daemon.folder.path)
            #expect(command.end == .exited(1) && command.errors.contains("apt install ffmpeg"))
        }
    }
}

/// A program of that name for PATH.
private func tool(_ name: String, _ script: String, in folder: TemporaryFolder) throws {
    try "#!/bin/sh\n\(script)\n".write(toFile: folder.path(name), atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path(name))
}
