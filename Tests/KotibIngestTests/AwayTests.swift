import GRDB
import KotibCatalog
import KotibHealth
import KotibIngestTestSupport
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibWatch
import Logging
import Testing

@testable import KotibIngest

/// Recordings whose file system is not mounted, or whose inbox is in doubt, are not gone.
@Suite struct AwayTests {
    @Test func recordingsOnAnotherDeviceAreNotGone() async throws {
        let inbox = try IngestFixture()
        try await inbox.record((1...600).map { "ali/\($0).wav" }, on: 1)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.counts(.present) == 600)
        #expect(inbox.board.isOpen(.filesUnreachable))
        await inbox.pipeline.handle(.removed(try inbox.path("ali")))
        await inbox.pipeline.handle(.removed(try inbox.path("ali/1.wav")))
        #expect(try inbox.counts(.present) == 600)
    }

    @Test func whenTheyAreFoundAgainTheProblemIsOver() async throws {
        let inbox = try IngestFixture()
        try await inbox.record(["ali/talk.wav"], on: 1)
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.board.isOpen(.filesUnreachable))
        #expect(try await inbox.drop("speech")?.audio == .present)
        await inbox.pipeline.handle(.scanFinished)
        #expect(inbox.board.openIssues.isEmpty)
        let problem = HealthIssue.filesUnreachable
        #expect(inbox.logged("\(problem)") == 1)
        #expect(inbox.logged("recovered: \(problem)") == 1)
    }

    /// After a restart of the machine a device may have another number: an older file that is there shows it.
    @Test func aDeviceWithANewNumberIsKnownByAnOlderFile() async throws {
        let inbox = try IngestFixture()
        try await inbox.drop("speech")
        try await inbox.record(["ali/deleted.wav"], on: 1)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try await inbox.current("ali/deleted.wav")?.audio == .gone)
        #expect(try await inbox.current()?.audio == .present)
    }

    /// Two users' folders may be on two disks, so that one says nothing about the other.
    @Test func anOlderFileInAnotherFolderTellsNothing() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("vali")
        try await inbox.drop("speech", "vali/talk.wav")
        try inbox.folder.makeFolder("ali/2026")
        try await inbox.record(["ali/talk.wav", "ali/2026/talk.wav"], on: 1)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.counts(.present) == 3)
        #expect(inbox.board.isOpen(.filesUnreachable))
    }

    /// A new file in the bare folder does not make it the disk that is missing.
    @Test func aNewerFileTellsNothing() async throws {
        let inbox = try IngestFixture()
        try await inbox.record(["ali/talk.wav"], on: 1)
        try await inbox.drop("speech", "ali/new.wav")
        for _ in 1...2 { await inbox.pipeline.handle(.scanFinished) }
        #expect(try inbox.counts(.present) == 2)
    }

    /// A folder that is gone with all in it is known by what is left in the folder above.
    @Test func aFolderThatWasRemovedMeanwhileIsGone() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali/2025")
        try await inbox.drop("speech", "ali/2025/talk.wav")
        try await inbox.record(["ali/2026/1.wav", "ali/2026/2.wav"], on: 1)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.counts(.gone) == 2)
        #expect(inbox.board.openIssues.isEmpty)
    }

    @Test func noTextIsPutIntoTheBareFolder() async throws {
        let inbox = try IngestFixture()
        try inbox.folder.makeFolder("ali")
        try await inbox.record(["ali/talk.wav"], on: 1)
        let id = try #require(try await inbox.current()).id
        _ = try await inbox.catalog.jobs.claim()
        let words = Transcript(text: "Hello.", segments: [], language: "en", engine: "fake", model: "1")
        _ = try await inbox.catalog.jobs.complete(id, transcript: words, speech: 1, engineSeconds: 1)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.names().isEmpty)
        #expect(try await inbox.current()?.sidecarDue != nil)
    }

    @Test(arguments: [HealthIssue.rootReplaced, .rootMissing(reason: "test")])
    func nothingIsGoneWhileTheInboxIsInDoubt(_ problem: HealthIssue) async throws {
        let inbox = try IngestFixture()
        try await inbox.record(["ali/1.wav", "ali/2.wav"])
        inbox.board.report(problem)
        await inbox.pipeline.handle(.scanFinished)
        await inbox.pipeline.handle(.removed(try inbox.path("ali/1.wav")))
        #expect(try inbox.counts(.present) == 2)
        inbox.board.resolve(problem)
        await inbox.pipeline.handle(.scanFinished)
        #expect(try inbox.counts(.gone) == 2)
    }

    @Test func aJobWhoseFileIsAwayWaitsAndCostsNoAttempt() async throws {
        let inbox = try IngestFixture()
        try await inbox.record(["ali/talk.wav"], on: 1)
        try await inbox.transcribing {
            try await waitUntil("it is put off") {
                try await inbox.database.read {
                    try Int.fetchOne($0, sql: "SELECT count(*) FROM audio_records WHERE due_at > 0") == 1
                }
            }
        }
        let recording = try #require(try await inbox.current())
        #expect(recording.state == .pending && recording.audio == .present && recording.attempts == 0)
    }

    /// A limit of pages plays a disk that is full.
    @Test func aFullCatalogIsToldOnceAndWaitedFor() async throws {
        let inbox = try IngestFixture()
        let database = inbox.database
        try await database.writeWithoutTransaction {
            let pages = try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0
            try $0.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        let names = (1...60).map { "ali/\($0).wav" }
        for name in names { try inbox.folder.write(name, to: name) }
        let inboxEvents = try names.map { try inbox.inboxEvent($0) }
        try await withThrowingTaskGroup { group in
            for inboxEvent in inboxEvents { group.addTask { await inbox.pipeline.handle(inboxEvent) } }
            try await waitUntil("it is told") { inbox.board.isOpen(.catalogFull) }
            #expect(try inbox.rows() < 60)
            try await database.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA max_page_count = 1000000")
            }
            try await group.waitForAll()
        }
        #expect(try inbox.counts(.present) == 60)
        #expect(inbox.board.openIssues.isEmpty)
        #expect(inbox.logged("\(HealthIssue.catalogFull)") == 1)
    }
}
