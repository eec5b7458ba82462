import Foundation
import KotibTestSupport
import Testing

@testable import KotibDaemon

@Suite struct ArchiveSettingsTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["inbox/ali", "state", "archive"] { try folder.makeFolder(name) }
    }

    private func findings(_ days: Double, _ archive: String, state: String = "state")
        -> [ConfigurationFinding]
    {
        var configuration = Configuration()
        configuration.inbox = folder.path("inbox")
        configuration.state = folder.path(state)
        configuration.archive.afterDays = days
        configuration.archive.folder = archive
        return configuration.archiveFindings()
    }

    @Test func offUnlessSet() {
        #expect(Configuration().archiveFolder == nil && Configuration().archiveAge == nil)
        #expect(findings(0, "").isEmpty)
        var configuration = Configuration()
        configuration.archive.afterDays = 0.5
        configuration.archive.folder = "/a"
        #expect(configuration.archiveAge == .seconds(43_200) && configuration.archiveFolder != nil)
    }

    @Test func wrongValuesAreExplained() throws {
        #expect(findings(30, folder.path("archive")).isEmpty)
        #expect(findings(30, "").map(\.isError) == [true])
        #expect(findings(30, "archive").map(\.isError) == [true])
        for name in ["inbox", "inbox/", "inbox/ali", "inbox/ali/new", "inbox/../inbox/x", "."] {
            let found = findings(30, folder.path(name))
            #expect(found.map(\.isError) == [true], "\(name)")
            #expect(found.first?.message.contains("inbox") == true, "\(name)")
        }
        #expect(findings(30, "/").map(\.isError) == [true])
        #expect(findings(30, folder.path("archive"), state: "archive").map(\.isError) == [true])
        try folder.makeFolder("archive/state")
        #expect(findings(30, folder.path("archive"), state: "archive/state").map(\.isError) == [true])
        // A folder that is missing may be mounted later.
        #expect(findings(30, folder.path("later")).map(\.isError) == [false])
        #expect(findings(0, folder.path("inbox/ali")).map(\.isError) == [true])
        // A link is followed, and a name that begins alike is another folder.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link"), withDestinationPath: folder.path("inbox/ali"))
        #expect(findings(30, folder.path("link/new")).map(\.isError) == [true])
        try folder.makeFolder("inbox-archive")
        #expect(findings(30, folder.path("inbox-archive")).isEmpty)
        try folder.makeFolder("state/archive")
        #expect(findings(30, folder.path("state/archive")).isEmpty)
    }

    @Test func theyComeFromFileOrEnvironment() throws {
        try folder.write("[archive]\nafter_days = 90\nfolder = \"/a\"\n", to: "kotib.toml")
        let file = folder.path("kotib.toml")
        let loaded = try Configuration.load(file: file, environment: [:]).configuration.archive
        #expect(loaded.afterDays == 90 && loaded.folder == "/a")
        let environment = ["KOTIB_ARCHIVE_AFTER_DAYS": "0.25", "KOTIB_ARCHIVE_FOLDER": "/b"]
        let changed = try Configuration.load(file: file, environment: environment).configuration.archive
        #expect(changed.afterDays == 0.25 && changed.folder == "/b")
        for wrong in ["-1", "many", "40000"] {
            #expect(throws: ConfigurationError.self) {
                try Configuration.load(file: file, environment: ["KOTIB_ARCHIVE_AFTER_DAYS": wrong])
            }
        }
    }
}
