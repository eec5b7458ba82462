import Foundation
import Testing

@testable import KotibDaemon

@Suite struct ControlSettingsTests {
    private func messages(_ change: (inout Configuration) -> Void) -> [String] {
        var configuration = Configuration()
        change(&configuration)
        return (configuration.controlFindings() + configuration.accountFindings()).map(\.message)
    }

    @Test func defaultsHaveNothingAgainstThem() {
        #expect(messages { _ in } == [])
    }

    @Test func wrongValuesAreExplained() {
        #expect(messages { $0.control.mode = "rw" }.first?.contains("control.mode") == true)
        #expect(messages { $0.control.mode = "4777" }.first?.contains("control.mode") == true)
        #expect(messages { $0.control.mode = "0666" }.first?.contains("every local user") == true)
        #expect(messages { $0.control.group = "no-such-group" }.first?.contains("no-such-group") == true)
        #expect(messages { $0.control.trustedProxies = ["nobody", "no-such"] }.count == 1)
        #expect(messages { $0.control.socket = "/" + String(repeating: "x", count: 106) }.count == 1)
        #expect(messages { $0.control.socket = "/" + String(repeating: "x", count: 105) }.isEmpty)
        #expect(messages { $0.accounts.admins = ["998901234567"] }.first?.contains("accounts.admins") == true)
        #expect(messages { $0.accounts.countries = ["uz"] }.first?.contains("accounts.countries") == true)
        #expect(messages { $0.accounts.countries = ["+"] }.isEmpty)
        #expect(messages { $0.sms.text = "Hello" }.first?.contains("{code}") == true)
        #expect(messages { $0.sms.sender = .command }.first?.contains("sms.command") == true)
        #expect(messages { $0.sms.command = ["/nowhere/send"] }.first?.contains("/nowhere/send") == true)
        #expect(messages { $0.twilio.accountSID = "AC1" }.count == 2)
    }

    @Test func twilioIsTakenWhereTheSeedsVariablesAreSet() throws {
        let environment = [
            "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token", "TWILIO_PHONE_NUMBER": "+15550100",
        ]
        let loaded = try Configuration.load(file: nil, environment: environment)
        #expect(loaded.configuration.smsSender == .twilio)
        #expect(loaded.configuration.accountFindings() == [])
        #expect(Configuration().smsSender == .file)
    }

    @Test func onlyTheOneAlgorithmIsTaken() throws {
        _ = try Configuration.load(file: nil, environment: ["ALGORITHM": "HS256"])
        #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: nil, environment: ["ALGORITHM": "none"])
        }
    }

    @Test func secretsComeFromCredentials() throws {
        let folder = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["secret_key", "twilio_auth_token"] {
            try "\(name)-value\n".write(
                to: folder.appending(component: name), atomically: true, encoding: .utf8)
        }
        let loaded = try Configuration.load(
            file: nil, environment: ["CREDENTIALS_DIRECTORY": folder.path, "SECRET_KEY": "weaker"])
        #expect(loaded.configuration.accounts.secret == "secret_key-value")
        #expect(loaded.configuration.twilio.authToken == "twilio_auth_token-value")
        #expect(loaded.origins["accounts.secret"] == "credential secret_key")
    }

    @Test func flagIsReadFromTheFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID()).toml")
        defer { try? FileManager.default.removeItem(at: file) }
        try "enroll = false".write(to: file, atomically: true, encoding: .utf8)
        #expect(try !Configuration.load(file: file.path, environment: [:]).configuration.enroll)
        try "enroll = 0".write(to: file, atomically: true, encoding: .utf8)
        #expect(throws: ConfigurationError.self) {
            try Configuration.load(file: file.path, environment: [:])
        }
    }
}
