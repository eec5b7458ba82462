import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// The command line, before anything runs.
    @Suite(.timeLimit(.minutes(5))) struct CommandLineInterface {
        @Test func versionIsOneLine() async throws {
            let result = try await kotibd(["--version"])
            #expect(result.end == .exited(0))
            #expect(result.output.wholeMatch(of: /kotibd \d+\.\d+\.\d+\n/) != nil, "\(result.output)")
        }

        @Test func helpNamesEveryOption() async throws {
            let result = try await kotibd(["--help"])
            #expect(result.end == .exited(0))
            for option in ["--config", "--check", "--version", "--help"] {
                #expect(result.output.contains(option), "\(option)")
            }
        }

        @Test(arguments: [["--no-such-option"], ["stray"], ["--config"]])
        func aWrongCommandLineIs64(arguments: [String]) async throws {
            let result = try await kotibd(arguments)
            #expect(result.end == .exited(64), "\(result.errors)")
            #expect(result.errors.contains("Usage"), "\(result.errors)")
        }

        @Test func checkShowsEverySettingAndItsOrigin() async throws {
            try await withDaemon(starting: false) { daemon in
                let result = try await kotibd(
                    ["--config", daemon.configurationFile, "--check"],
                    ["OPENAI_API_KEY": "sk-secret-5521", "KOTIB_LOG_LEVEL": "debug"])
                #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
                let lines = result.output.split(separator: "\n")
                let settle = lines.first { $0.hasPrefix("watch.settle = 0.2") }
                #expect(settle?.contains(daemon.configurationFile) == true, "\(result.output)")
                #expect(
                    lines.contains { $0.hasPrefix("log.level = \"debug\"") && $0.contains("KOTIB_LOG_LEVEL") }
                )
                #expect(lines.contains { $0.hasPrefix("queue.attempts = ") && $0.hasSuffix("# default") })
                #expect(!result.output.contains("sk-secret-5521"), "a secret is shown")
            }
        }

        @Test func theEnvironmentOverridesTheFile() async throws {
            try await withDaemon(starting: false) { daemon in
                let result = try await kotibd(
                    ["--config", daemon.configurationFile, "--check"],
                    ["KOTIB_MODEL": "/nonexistent/model.bin"])
                #expect(result.end == .exited(78))
                #expect(result.output.contains("/nonexistent/model.bin"), "\(result.output)")
            }
        }

        @Test(arguments: WrongSetting.all)
        func aWrongSettingIs78AndSaidPlainly(wrong: WrongSetting) async throws {
            try await withDaemon(wrong.settings, starting: false) { daemon in
                for arguments in [["--check"], []] {
                    let result = try await kotibd(["--config", daemon.configurationFile] + arguments)
                    let said = result.output + result.errors
                    #expect(result.end == .exited(78), "\(arguments): \(said)")
                    for word in wrong.words { #expect(said.contains(word), "\(arguments): \(word): \(said)") }
                }
            }
        }

        @Test func stateInsideTheInboxIsWrong() async throws {
            try await withDaemon(starting: false) { daemon in
                try daemon.makeFolder("state")
                let result = try await kotibd(
                    ["--config", daemon.configurationFile, "--check"], ["KOTIB_STATE": daemon.path("state")])
                #expect(result.end == .exited(78))
                #expect(result.output.contains("must not be inside the inbox"), "\(result.output)")
            }
        }

        @Test func aFileThatIsNoTomlIsWrongAtALine() async throws {
            try await withDaemon(starting: false) { daemon in
                let file = daemon.scratch + "/broken.toml"
                try "log.level = \"info\"\ninbox = \n".write(toFile: file, atomically: false, encoding: .utf8)
                let result = try await kotibd(["--config", file, "--check"])
                #expect(result.end == .exited(78))
                #expect(
                    (result.output + result.errors).contains("\(file):2:"), "\(result.output)\(result.errors)"
                )
            }
        }

        @Test func aMissingConfigurationFileIsNamed() async throws {
            for arguments in [["--check"], []] {
                let result = try await kotibd(["--config", "/nonexistent/kotib.toml"] + arguments)
                #expect(result.end == .exited(78))
                #expect((result.output + result.errors).contains("/nonexistent/kotib.toml"))
            }
        }

        private func kotibd(_ arguments: [String], _ environment: [String: String] = [:]) async throws
            -> Command
        {
            try await Command.run(Installation.find().program("kotibd"), arguments, environment: environment)
        }
    }
}

/// A mistake in the configuration file, and what an answer to it must name.
struct WrongSetting: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var settings: DaemonSettings
    var words: [String]

    private init(_ description: String, _ settings: DaemonSettings, _ words: String...) {
        testDescription = description
        self.settings = settings
        self.words = words
    }

    static let all = [
        WrongSetting("unknown key", ["watch.setle": 1.0], "watch.setle", "did you mean watch.settle"),
        WrongSetting("unknown section", ["wach.settle": 1.0], "wach.settle", "did you mean watch.settle"),
        WrongSetting("wrong type", ["queue.attempts": "many"], "queue.attempts", "whole number"),
        WrongSetting("out of range", ["queue.attempts": 0], "queue.attempts", "between 1 and"),
        WrongSetting("not one of the choices", ["log.format": "xml"], "log.format", "logfmt", "json"),
        WrongSetting("no such engine", ["queue.engine": "vosk"], "queue.engine", "local", "openai"),
        WrongSetting("no endings", ["intake.extensions": []], "intake.extensions"),
        WrongSetting("a bad ending", ["intake.extensions": ["*.mp3"]], "intake.extensions", "*.mp3"),
        WrongSetting("no inbox", ["inbox": "/nonexistent/inbox"], "inbox", "/nonexistent/inbox"),
        WrongSetting("no state folder", ["state": "/nonexistent/state"], "state", "/nonexistent/state"),
        WrongSetting("no model", ["local.model": "/nonexistent/m.bin"], "local.model", "/nonexistent/m.bin"),
        WrongSetting("no VAD model", ["local.vad_model": "/nonexistent/v.bin"], "local.vad_model"),
        WrongSetting("no worker", ["local.worker": "/nonexistent/w"], "local.worker", "/nonexistent/w"),
        WrongSetting("a bad language", ["local.language": "english"], "local.language", "ISO 639-1"),
        WrongSetting(
            "a bad URL", ["queue.engine": "openai", "openai.base_url": "ftp://x"], "openai.base_url",
            "https://"),
        WrongSetting(
            "no key for OpenAI", ["queue.engine": "openai"], "openai.api_key", "OPENAI_API_KEY"),
    ]
}
