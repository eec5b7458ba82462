import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// The files that `make install` installs.
    @Suite(.timeLimit(.minutes(5))) struct Install {
        private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
            .standardized.path

        private func install(into folder: TemporaryFolder) async throws {
            let installation = try Installation.find()
            try await Command.succeed(
                "make",
                [
                    "--no-print-directory", "--directory", root, "install", "DESTDIR=\(folder.path)",
                    "PREFIX=/opt/kotib", "SYSCONFDIR=/opt/etc", "BUILT=\(installation.programs)",
                    "DEPS=\(installation.dependencies)",
                ])
        }

        @Test func everythingIsInItsPlaceAndWorksThere() async throws {
            let folder = try TemporaryFolder()
            try await install(into: folder)
            let place = folder.path("opt/kotib")
            let found = try await Command.succeed("find", [folder.path, "-type", "f", "-printf", "%m %P\n"])
            #expect(found.split(separator: "\n").sorted() == Self.files.sorted())

            for program in ["kotibd", "kotib-worker", "kotibctl"] {
                let version = try await Command.succeed("\(place)/bin/\(program)", ["--version"])
                #expect(version.contains("0.1"), "\(program): \(version)")
            }
            for page in ["man1/kotibctl.1", "man8/kotibd.8"] {
                let read = try await Command.run(
                    "man", ["--warnings", "--local-file", "\(place)/share/man/\(page)"])
                #expect(read.end == .exited(0) && read.errors == "" && read.output.contains("NAME"))
            }
            for name in ["systemd/system/kotibd.service", "systemd/system/kotibd.socket"] {
                let unit = try String(contentsOfFile: "\(place)/lib/\(name)", encoding: .utf8)
                #expect(!unit.contains("/usr/local/"), "\(name)")
            }
            let unit = try String(
                contentsOfFile: "\(place)/lib/systemd/system/kotibd.service", encoding: .utf8)
            #expect(unit.contains("ExecStart=/opt/kotib/bin/kotibd --config /opt/etc/kotib/kotib.toml\n"))
            // A large catalog takes longer to check than systemd waits otherwise.
            #expect(unit.contains("\nTimeoutStartSec=infinity\n"))
        }

        @Test func aConfigurationThatIsThereIsKept() async throws {
            let folder = try TemporaryFolder()
            try folder.makeFolder("opt/etc/kotib")
            try folder.write("inbox = \"/srv\"\n", to: "opt/etc/kotib/kotib.toml")
            try await install(into: folder)
            #expect(folder.read("opt/etc/kotib/kotib.toml") == "inbox = \"/srv\"\n")
        }

        private static let files: [Substring] = [
            "755 opt/kotib/bin/kotib-worker", "755 opt/kotib/bin/kotibctl", "755 opt/kotib/bin/kotibd",
            "644 opt/etc/kotib/kotib.toml", "644 opt/kotib/lib/systemd/system/kotibd.service",
            "644 opt/kotib/lib/systemd/system/kotibd.socket", "644 opt/kotib/lib/sysusers.d/kotib.conf",
            "644 opt/kotib/lib/tmpfiles.d/kotib.conf",
            "644 opt/kotib/share/bash-completion/completions/kotibctl",
            "644 opt/kotib/share/doc/kotib/client.py", "644 opt/kotib/share/doc/kotib/socket-api.md",
            "644 opt/kotib/share/fish/vendor_completions.d/kotibctl.fish",
            "644 opt/kotib/share/kotib/folder-owners.conf", "644 opt/kotib/share/kotib/inbox-README",
            "644 opt/kotib/share/kotib/models/ggml-base-q8_0.bin",
            "644 opt/kotib/share/kotib/models/ggml-silero-v6.2.0.bin",
            "644 opt/kotib/share/kotib/README.md", "644 opt/kotib/share/kotib/samba/kotib.conf",
            "644 opt/kotib/share/kotib/ssh/kotib.conf", "644 opt/kotib/share/kotib/nginx/kotib.conf",
            "644 opt/kotib/share/kotib/setup/base.sh",
            "755 opt/kotib/share/kotib/setup/get-model", "644 opt/kotib/share/kotib/setup/models.txt",
            "644 opt/kotib/share/man/man1/kotibctl.1", "644 opt/kotib/share/man/man8/kotibd.8",
            "644 opt/kotib/share/zsh/site-functions/_kotibctl",
        ]
    }
}
