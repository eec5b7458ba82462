import Foundation
import KotibModel
import Testing

@testable import KotibDaemon

@Suite struct QuotaSettingsTests {
    private func load(_ text: String) throws -> Configuration {
        let file = FileManager.default.temporaryDirectory.appending(component: "kotib-\(UUID()).toml")
        try text.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return try Configuration.load(file: file.path, environment: [:]).configuration
    }

    @Test func thereIsNoQuotaUnlessOneIsSet() throws {
        #expect(try load("").quotaLimits == Quota())
        let set = try load("[quota]\nbytes = 10737418240\nminutes_per_day = 90\nfiles = 200\n")
        #expect(set.quotaLimits == Quota(bytes: 10_737_418_240, files: 200, minutesPerDay: 90))
    }

    @Test(arguments: ["bytes = -1", "files = 1.5", "minutes_per_day = \"x\"", "minutes = 5"])
    func aWrongOneIsAnError(line: String) {
        let failure = #expect(throws: ConfigurationError.self) { try load("[quota]\n\(line)\n") }
        #expect(failure?.description.contains("quota.") == true)
    }
}
