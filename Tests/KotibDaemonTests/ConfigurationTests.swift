import Foundation
import KotibModel
import Testing

@testable import KotibDaemon

@Suite struct ConfigurationTests {
    private func load(_ text: String, _ environment: [String: String] = [:]) throws -> LoadedConfiguration {
        let file = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID()).toml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try Configuration.load(file: file.path, environment: environment)
    }

    /// The file that ships names every setting and gives each its default.
    @Test func shippedFileHoldsEverySettingAtItsDefault() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "etc/kotib.toml").path
        let loaded = try Configuration.load(file: file, environment: [:])
        #expect(Set(loaded.origins.keys) == Set(Settings.all.map(\.key)))
        for setting in Settings.all {
            #expect(
                setting.show(loaded.configuration) == setting.show(Configuration()),
                "\(setting.key) differs from its default")
        }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for name in Settings.all.flatMap(\.environment) {
            #expect(text.contains(name), "the file does not name \(name)")
        }
    }

    /// Mode, what stands in the file, and whether an administrator is told.
    @Test(arguments: [
        (0o644, "[accounts]\nsecret = \"0123456789abcdefghijklmnopqrstuv\"", "accounts.secret"),
        (
            0o644, "[openai]\napi_key = \"k\"\n[twilio]\nauth_token = \"t\"",
            "openai.api_key, twilio.auth_token"
        ),
        (0o640, "[accounts]\nsecret = \"0123456789abcdefghijklmnopqrstuv\"", nil),
        (0o600, "[openai]\napi_key = \"k\"", nil), (0o644, "[accounts]\nsecret = \"\"", nil),
        (0o644, "[watch]\nsettle = 2.0", nil),
    ])
    func secretsInAFileThatOthersReadAreToldOf(mode: Int, text: String, keys: String?) throws {
        let file = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID()).toml").path
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        let loaded = try Configuration.load(file: file, environment: [:])
        let told = loaded.findings().filter { $0.message.contains("holds a secret") }
        #expect(told.count == (keys == nil ? 0 : 1) && !told.contains(where: \.isError))
        if let keys { #expect(told.first?.message.contains("(\(keys))") == true) }
        // Settings from elsewhere do not count as the file's.
        let other = try Configuration.load(
            file: file, environment: ["SECRET_KEY": String(repeating: "ab1c", count: 9)])
        #expect(!other.findings().contains { $0.message.contains("(accounts.secret)") })
    }

    @Test func environmentOverridesFile() throws {
        let loaded = try load(
            "[intake]\nmax_file_size = 10", ["MAX_FILE_SIZE": "20", "ALLOWED_EXTENSIONS": #"[".mp3"]"#])
        #expect(loaded.configuration.intake.maximumSize == 20)
        #expect(loaded.configuration.intake.extensions == [".mp3"])
        #expect(loaded.origins["intake.max_file_size"] == "MAX_FILE_SIZE")
    }

    @Test func ownVariableOverridesTheSeeds() throws {
        let loaded = try load("", ["UPLOAD_DIR": "/old", "KOTIB_INBOX": "/new"])
        #expect(loaded.configuration.inbox == "/new")
    }

    @Test func unknownSettingNamesTheNearest() {
        #expect(throws: ConfigurationError.self) { try load("[watch]\nsettel = 2") }
        do {
            _ = try load("[watch]\nsettel = 2")
        } catch {
            #expect("\(error)".contains("watch.settel"))
            #expect("\(error)".contains("did you mean watch.settle?"))
        }
    }

    @Test(arguments: [
        ("[watch]\nsettle = \"soon\"", "seconds"), ("[watch]\nsettle = -1", "between"),
        ("[queue]\nengine = \"cloud\"", "\"local\", \"openai\""), ("[intake]\nextensions = [1]", "list"),
        ("[intake]\nmax_file_size = 0", "between"), ("inbox = 3", "text"), ("inbox = ", ":1:"),
    ])
    func wrongValueIsExplained(text: String, hint: String) {
        do {
            _ = try load(text)
            Issue.record("accepted: \(text)")
        } catch {
            #expect("\(error)".contains(hint), "\(error)")
        }
    }

    @Test func everyKnownEndingMayBeTakenAndNoOther() {
        var configuration = Configuration()
        configuration.intake.extensions = [
            ".mp3", "wav", ".M4A", ".flac", ".ogg", ".oga", ".opus", ".webm", ".aac", ".amr", ".3gp", ".mp4",
            ".mov", ".wma",
        ]
        #expect(!configuration.findings().contains { $0.message.contains("intake.extensions") })
        configuration.intake.extensions = [".mp3", ".mkv", "*.mp3", "."]
        let findings = configuration.findings().filter { $0.message.contains("intake.extensions") }
        #expect(findings.count == 3 && findings.allSatisfy(\.isError))
        #expect(findings.first?.message.contains("\".mkv\"; it knows .mp3 .wav .m4a .flac .ogg") == true)
    }

    @Test func endingsThatOpenAIDoesNotTakeAreWarnedOf() {
        var configuration = Configuration()
        configuration.queue.engine = .openai
        configuration.openai.encode = .none
        configuration.intake.extensions = [".mp3", ".OGG", ".opus", ".amr", ".3gp"]
        let warnings = { configuration.findings().filter { $0.message.contains("OpenAI does not say") } }
        #expect(warnings().count == 1)
        #expect(warnings().first?.isError == false)
        #expect(warnings().first?.message.contains("takes .amr .3gp;") == true)
        configuration.openai.baseURL = "http://127.0.0.1:8080/v1"
        #expect(warnings().isEmpty)
        configuration.openai.baseURL = "https://api.openai.com/v1"
        configuration.openai.encode = .opus
        #expect(warnings().isEmpty, "they are re-encoded")
    }

    @Test func secretIsNeverShown() throws {
        let loaded = try load("", ["OPENAI_API_KEY": "sk-secret"])
        #expect(loaded.configuration.openai.apiKey == "sk-secret")
        for setting in Settings.all {
            #expect(!setting.show(loaded.configuration).contains("sk-secret"))
        }
    }

    @Test func credentialGivesTheKey() throws {
        let folder = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "sk-credential\n".write(
            to: folder.appending(component: "openai_api_key"), atomically: true, encoding: .utf8)
        let loaded = try load("", ["CREDENTIALS_DIRECTORY": folder.path])
        #expect(loaded.configuration.openai.apiKey == "sk-credential")
    }

    @Test func databaseURLOfTheSeed() throws {
        #expect(
            try load("", ["DATABASE_URL": "sqlite:////srv/a.db"]).configuration.databasePath == "/srv/a.db")
        #expect(throws: ConfigurationError.self) {
            try load("", ["DATABASE_URL": "postgresql://localhost/kotib"])
        }
    }

    @Test func missingFileIsExplained() {
        #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: "/nowhere/kotib.toml", environment: [:])
        }
    }

    @Test func stateInsideTheInboxIsAnError() throws {
        let folder = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID())")
        let state = folder.appending(component: "state")
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = Configuration()
        configuration.inbox = folder.path
        configuration.state = state.path
        #expect(configuration.findings().contains { $0.isError && $0.message.contains("must not be inside") })
    }

    @Test(arguments: [
        ("", "no pattern"), ("a/b", "no pattern"), ("[a", "no pattern"), ("!", "no pattern"),
        ("*", "recording.mp3"), ("*.MP3", "recording.mp3"), ("draft-*", nil), ("old/", nil), ("!*.part", nil),
    ])
    func patternsOfNamesAreChecked(pattern: String, hint: String?) throws {
        var configuration = Configuration()
        configuration.watch.ignore = [pattern]
        let finding = configuration.ignoreFindings().first
        #expect(finding?.message.contains(hint ?? "") ?? (hint == nil), "\(String(describing: finding))")
        #expect(finding?.isError ?? false == (hint == "no pattern"))
    }
}
