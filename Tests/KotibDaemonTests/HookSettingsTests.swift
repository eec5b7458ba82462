import Foundation
import Testing

@testable import KotibDaemon

@Suite struct HookSettingsTests {
    private let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private func messages(_ change: (inout Configuration) -> Void) -> [String] {
        var configuration = Configuration()
        change(&configuration)
        return configuration.hookFindings().map(\.message)
    }

    @Test func wrongValuesAreExplained() {
        #expect(messages { _ in } == [])
        #expect(messages { $0.hooks.program = ["/bin/sh", "-c", "x"] } == [])
        #expect(messages { $0.hooks.program = ["sh"] }.first?.contains("hooks.program") == true)
        #expect(messages { $0.hooks.program = ["/nowhere/x"] }.first?.contains("/nowhere/x") == true)
        let url = "https://example.org/hook"
        #expect(messages { $0.hooks.url = url }.first?.contains("hooks.secret") == true)
        #expect(messages { ($0.hooks.url, $0.hooks.secret) = (url, secret) } == [])
        #expect(messages { ($0.hooks.url, $0.hooks.secret) = (url, "guessed") }.count == 1)
        let plain = "http://example.org/hook"
        #expect(
            messages { ($0.hooks.url, $0.hooks.secret) = (plain, secret) }.first?.contains("plain_http")
                == true)
        #expect(messages { ($0.hooks.url, $0.hooks.secret, $0.hooks.plain) = (plain, secret, true) } == [])
        #expect(messages { ($0.hooks.url, $0.hooks.secret) = ("example.org", secret) }.count == 1)
        #expect(
            messages {
                ($0.hooks.url, $0.hooks.secret, $0.hooks.certificateAuthorities) = (url, secret, "/nowhere")
            }.first?.contains("hooks.ca_file") == true)
    }

    @Test func theSecretComesFromTheEnvironmentOrACredential() throws {
        let folder = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "\(secret)\n".write(
            to: folder.appending(component: "hooks_secret"), atomically: true, encoding: .utf8)
        let environment = ["KOTIB_HOOKS_SECRET": "other"]
        #expect(
            try Configuration.load(file: nil, environment: environment).configuration.hooks.secret == "other")
        let loaded = try Configuration.load(
            file: nil, environment: environment.merging(["CREDENTIALS_DIRECTORY": folder.path]) { $1 })
        #expect(loaded.configuration.hooks.secret == secret)
        for setting in Settings.all { #expect(!setting.show(loaded.configuration).contains(secret)) }
    }
}
