import Glibc
import KotibCatalog
import KotibModel
import KotibSidecars
import KotibTestSupport
import Testing

/// A text that a person removed stays away until somebody asks for it.
@Suite struct RewriteTests {
    private let inbox: SidecarFixture
    private let id: RecordingID

    init() async throws {
        inbox = try SidecarFixture()
        id = try await inbox.transcribed("Salom, dunyo.")
        try await inbox.writer().writeDue(id)
    }

    private func rewrite(_ formats: [TranscriptFormat] = [.txt], _ scope: AccessScope = .everyone)
        async throws
        -> RewriteOutcome
    {
        try await inbox.writer(formats: formats).rewrite(id, in: scope)
    }

    @Test func onlyWhoAsksGetsARemovedTextAgain() async throws {
        inbox.folder.remove("ali/talk.wav.txt")
        try await inbox.writer().writeAllDue()
        #expect(try inbox.names().isEmpty)
        #expect(try await rewrite() == .written)
        #expect(try inbox.text("talk.wav.txt") == "Salom, dunyo.\n")
        #expect(try await inbox.owned(id) == ["ali/talk.wav.txt"])
        #expect(try await !inbox.isDue(id))
        #expect(try await inbox.revisions(id).count == 1)
    }

    @Test func theFormsAreThoseThatAreWantedNow() async throws {
        #expect(try await rewrite([.srt, .vtt]) == .written)
        #expect(try inbox.names() == ["talk.wav.srt", "talk.wav.vtt"])
    }

    @Test func savedTextIsRecordedAndKept() async throws {
        try inbox.folder.write("Mine.\n", to: "ali/talk.wav.txt")
        let later: @Sendable () -> Int64 = { Sidecars.systemTime() + 60_000_000_000 }
        #expect(try await inbox.writer(wallClock: later).rewrite(id, in: .everyone) == .written)
        #expect(try inbox.text("talk.wav.txt") == "Mine.\n")
        #expect(try await inbox.shown(id)?.origin == .sidecar)
    }

    @Test func anotherFileOfThatNameStays() async throws {
        inbox.folder.remove("ali/talk.wav.txt")
        try inbox.folder.makeFolder("ali/talk.wav.txt")
        #expect(try await rewrite() == .written)
        #expect(try inbox.text("talk.wav.kotib.txt") == "Salom, dunyo.\n")
    }

    /// A person who moved the audio elsewhere may still ask for the text.
    @Test func theAudioNeedNotBeThere() async throws {
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        inbox.folder.remove("ali/talk.wav.txt")
        _ = try await inbox.edit(id, "Edited.")
        try await inbox.writer().writeAllDue()
        #expect(try inbox.names().isEmpty)
        #expect(try await rewrite() == .written)
        #expect(try inbox.text("talk.wav.txt") == "Edited.\n")
    }

    @Test func aNoteIsWrittenAgainToo() async throws {
        let failed = try await inbox.failed("no", name: Array("b.wav".utf8))
        try await inbox.writer().writeDue(failed)
        inbox.folder.remove("ali/b.wav.failed.txt")
        #expect(try await inbox.writer().rewrite(failed, in: .everyone) == .written)
        #expect(try inbox.text("b.wav.failed.txt") == "b.wav failed: no\n")
    }

    @Test func thereMayBeNothingToWrite() async throws {
        #expect(try await rewrite([.txt], .only(UserID(rawValue: 999))) == .notFound)
        #expect(try await inbox.writer().rewrite(RecordingID(rawValue: 999), in: .everyone) == .notFound)
        let new = try await inbox.transcribed("Another.", content: 3)
        #expect(try await rewrite() == .nothing, "another recording has its place")
        #expect(try await inbox.writer().rewrite(new, in: .everyone) == .written)
        let waiting = try await inbox.accepted(name: Array("b.wav".utf8), content: 2).recording
        #expect(try await inbox.writer().rewrite(waiting, in: .everyone) == .nothing)
    }

    @Test func withoutItsFolderThereIsNoPlace() async throws {
        _ = try await inbox.catalog.ingest.markGone(inbox.path(SidecarFixture.name))
        inbox.folder.remove("ali/talk.wav.txt")
        inbox.folder.remove("ali")
        #expect(try await rewrite() == .nothing)
        #expect(try await !inbox.isDue(id))
    }

    @Test func unwritableTextIsWrittenLater() async throws {
        inbox.folder.remove("ali/talk.wav.txt")
        let full = FaultyFileSystem(inbox.disk) { $0.name == "create" ? ENOSPC : nil }
        #expect(try await inbox.writer(full).rewrite(id, in: .everyone) == .later)
        #expect(try inbox.names().isEmpty)
        try await inbox.writer().writeAllDue()
        #expect(try inbox.text("talk.wav.txt") == "Salom, dunyo.\n")
    }
}
