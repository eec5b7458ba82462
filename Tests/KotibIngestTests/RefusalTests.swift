import Glibc
import KotibCatalog
import KotibIngestTestSupport
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Testing

@testable import KotibIngest

/// Files that are no recordings.
enum Bad: String, CaseIterable, Sendable {
    case unsupportedExtension = "talk.pdf"
    case empty = "empty.wav"
    case tooLarge = "large.wav"
    case damaged = "damaged.wav"
    case symbolicLink = "link.wav"
    case folder = "folder.wav"
    case special = "pipe.wav"
    case hardLink = "linked.wav"
    case unreadable = "secret.wav"

    var code: String {
        switch self {
        case .unsupportedExtension: "unsupported_extension"
        case .empty: "empty"
        case .tooLarge: "too_large"
        case .damaged: "damaged"
        case .symbolicLink: "symbolic_link"
        case .folder: "folder"
        case .special: "special"
        case .hardLink: "hard_link"
        case .unreadable: "unreadable"
        }
    }

    func make(in folder: TemporaryFolder) throws {
        let name = "ali/" + rawValue
        switch self {
        case .unsupportedExtension: try folder.write("%PDF", to: name)
        case .empty: try folder.write("", to: name)
        case .tooLarge:
            try folder.write(String(repeating: "x", count: Int(IngestFixture.largest) + 1), to: name)
        case .damaged: try folder.write("bad", to: name)
        case .symbolicLink: try #require(symlink("../victim", folder.path(name)) == 0)
        case .folder: try folder.makeFolder(name)
        case .special: try #require(mkfifo(folder.path(name), 0o644) == 0)
        case .hardLink:
            try folder.write("speech", to: "victim")
            try #require(link(folder.path("victim"), folder.path(name)) == 0)
        case .unreadable:
            try folder.write("speech", to: name)
            try #require(chmod(folder.path(name), 0) == 0)
        }
    }
}

@Suite struct RefusalTests {
    /// Threat: a person's whole folder lies elsewhere, and nothing of it is heard.
    @Test(arguments: [true, false]) func aLinkInPlaceOfAFolderHasANoteUntilItIsAFolder(_ isTold: Bool)
        async throws
    {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("elsewhere")
        try #require(symlink("elsewhere", inbox.folder.path("guli")) == 0)
        try await inbox.handle("guli")
        let note = try #require(inbox.folder.read("guli.rejected.txt"))
        #expect(note.contains("“guli”") && note.contains("mount --bind"))
        #expect(try await inbox.current("guli")?.errorCode == "linked_folder")
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.folder.read("guli.rejected.txt") == note)

        inbox.folder.remove("guli")
        try inbox.folder.makeFolder("guli")
        try await inbox.drop("speech", "guli/talk.wav")
        if isTold { try await inbox.handle("guli") } else { await inbox.pipeline.handle(.scanFinished) }
        #expect(inbox.folder.read("guli.rejected.txt") == nil)
        #expect(try await inbox.current("guli/talk.wav")?.audio == .present)
        #expect(try inbox.folder.names(in: "elsewhere").isEmpty)
    }

    @Test(arguments: Bad.allCases)
    func eachRefusalIsARowAndANote(bad: Bad) async throws {
        let inbox = try IngestFixture()
        try bad.make(in: inbox.folder)
        let name = "ali/" + bad.rawValue
        let before = try inbox.inboxEvent(name)
        await inbox.pipeline.handle(before)
        let row = try #require(try await inbox.current(name))
        #expect(row.state == .rejected)
        #expect(row.errorCode == bad.code)
        let note = try #require(inbox.folder.read(name + ".rejected.txt"))
        #expect(note == (row.errorMessage ?? "") + "\n")
        #expect(note.contains(bad.rawValue))
        #expect(try inbox.inboxEvent(name) == before)
        #expect(try inbox.names() == [bad.rawValue, bad.rawValue + ".rejected.txt"])
        #expect(inbox.logged("recording refused") == 1)
    }

    /// `cp -al` of the inbox as a backup, or a mode that keeps the daemon out: the content is what was taken.
    @Test(arguments: [true, false])
    func transcribedFileIsNotRefusedForALinkOrItsMode(isLink: Bool) async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            try await inbox.drop("speech")
            try await inbox.awaitText("Hello.")
            try await waitUntil("it is registered") { try await inbox.current()?.sidecarDue == nil }
        }
        let before = try #require(try await inbox.current())
        let path = inbox.folder.path("ali/talk.wav")
        if isLink {
            try #require(link(path, inbox.folder.path("backup")) == 0)
        } else {
            try #require(chmod(path, 0) == 0)
        }
        try await inbox.handle("ali/talk.wav")
        let after = try #require(try await inbox.current())
        #expect(after.id == before.id && after.state == .completed && after.identity != before.identity)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.txt"])
        #expect(inbox.logged("recording refused") == 0)
    }

    @Test func outsideAnyFolderItIsToldWhereToPutIt() async throws {
        let inbox = try IngestFixture()
        let row = try #require(try await inbox.drop("speech", "talk.wav"))
        #expect(row.errorCode == "no_folder")
        #expect(row.user == nil)
        #expect(inbox.folder.read("talk.wav.rejected.txt") == (row.errorMessage ?? "") + "\n")
    }

    @Test func unreadableFileIsRefused() async throws {
        let inbox = try IngestFixture { disk in
            FaultyFileSystem(disk) { $0.name == "openForReading" ? EACCES : nil }
        }
        #expect(try await inbox.drop("speech")?.errorCode == "unreadable")
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
    }

    @Test func textsAndFoldersGetNoRow() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("my words", "ali/notes.txt")
        try inbox.folder.makeFolder("ali/2026")
        try await inbox.handle("ali/2026")
        try await inbox.drop("not for Kotib", "readme")
        #expect(try inbox.rows() == 0)
        #expect(try inbox.names() == ["2026", "notes.txt"])
    }

    @Test func goodFileTakesTheNoteAway() async throws {
        let inbox = try IngestFixture()
        let refused = try #require(try await inbox.drop("bad"))
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
        let accepted = try #require(try await inbox.drop("good"))
        #expect(accepted.id == refused.id)
        #expect(accepted.state == .pending)
        #expect(try inbox.names() == ["talk.wav"])
        #expect(try await inbox.catalog.sidecars.owned(of: accepted.id).isEmpty)
    }

    @Test func anotherReasonIsWrittenInPlaceOfTheFirst() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("bad")
        let first = try #require(inbox.folder.read("ali/talk.wav.rejected.txt"))
        try await inbox.drop(String(repeating: "x", count: Int(IngestFixture.largest) + 1))
        let second = try #require(inbox.folder.read("ali/talk.wav.rejected.txt"))
        #expect(second != first)
        #expect(try inbox.rows() == 1)
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt"])
    }

    @Test func transcribedRecordingThatABadOneReplacesKeepsItsWords() async throws {
        let inbox = try IngestFixture()
        try await inbox.transcribing {
            let good = try #require(try await inbox.drop("speech"))
            try await inbox.awaitText("Hello.")
            let bad = try #require(try await inbox.drop("bad"))
            #expect(bad.id != good.id)
            #expect(try await inbox.catalog.recordings.transcript(of: good.id)?.text == "Hello.")
            #expect(try await inbox.catalog.recordings.find(good.id)?.audio == .replaced)
        }
        #expect(try inbox.names() == ["talk.wav", "talk.wav.rejected.txt", "talk.wav.txt"])
    }
}
