import FoundationEssentials
import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

struct JobTests {
    let catalog: Catalog

    init() throws { catalog = try memoryCatalog() }

    /// Claims and completes until nothing is left: whose turn it was each time.
    private func turns() async throws -> [String] {
        var turns: [String] = []
        while let recording = try await catalog.jobs.claimNext() {
            turns.append(recording.path.user.text)
            _ = try await catalog.jobs.complete(
                recording.id, transcript: transcript("x"), speech: nil, engineSeconds: 1)
        }
        return turns
    }

    @Test func usersTakeTurns() async throws {
        for number in 0..<100 { try await catalog.ingest.accept("a/\(number).mp3") }
        try await catalog.ingest.accept("b/1.mp3")
        try await catalog.ingest.accept("c/1.mp3")
        let turns = try await turns()
        #expect(turns.count == 102)
        #expect(Set(turns.prefix(3)) == ["a", "b", "c"])
    }

    @Test func lateUserIsServedNext() async throws {
        for number in 0..<10 { try await catalog.ingest.accept("a/\(number).mp3") }
        _ = try await catalog.jobs.claimNext()
        try await catalog.ingest.accept("b/1.mp3")
        #expect(try await catalog.jobs.claimNext()?.path.text == "b/1.mp3")
        #expect(try await catalog.jobs.claimNext()?.path.text == "a/1.mp3")
    }

    @Test func withinAUserTheOldestComesFirst() async throws {
        for number in [3, 1, 2] { try await catalog.ingest.accept("a/\(number).mp3") }
        var order: [String] = []
        while let recording = try await catalog.jobs.claimNext() { order.append(recording.path.text) }
        #expect(order == ["a/3.mp3", "a/1.mp3", "a/2.mp3"])
    }

    @Test func noTwoClaimsGetTheSameRecording() async throws {
        for number in 0..<100 { try await catalog.ingest.accept("user\(number % 7)/\(number).mp3") }
        let catalog = catalog
        let claimed = try await withThrowingTaskGroup(of: RecordingID?.self) { group in
            for _ in 0..<150 { group.addTask { try await catalog.jobs.claimNext()?.id } }
            return try await group.reduce(into: [RecordingID]()) { if let id = $1 { $0.append(id) } }
        }
        #expect(claimed.count == 100)
        #expect(Set(claimed).count == 100)
    }

    @Test func wordsAndSidecarBecomeDueTogether() async throws {
        let id = try await catalog.ingest.accept("a/1.mp3").recording
        _ = try await catalog.jobs.claimNext()
        let ended = try await catalog.jobs.complete(
            id, transcript: transcript("Hello."), speech: 0.5, engineSeconds: 2, now: noon)
        #expect(ended == .recorded)
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(recording.state == .completed)
        #expect(recording.completed == noon)
        #expect(recording.speechSeconds == 0.5)
        #expect(recording.sidecarDue == SidecarDue(kind: .transcript, version: 1))
        #expect(try await catalog.recordings.transcript(of: id) == transcript("Hello."))
        let again = try await catalog.jobs.complete(
            id, transcript: transcript("x"), speech: 0, engineSeconds: 2)
        #expect(again == .superseded)
    }

    @Test func aRetryWaitsForItsTimeAndTellsIt() async throws {
        let id = try await catalog.ingest.accept("a/1.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.retryLater(
            id, due: noon + 5, code: "transient", message: "Later.", now: noon)
        #expect(try await catalog.jobs.claim(now: noon + 4.9) == .nothing(nextDue: noon + 5))
        let recording = try #require(try await catalog.jobs.claimNext(noon + 5))
        #expect(recording.attempts == 2)
        #expect(recording.errorMessage == "Later.")
        #expect(try await catalog.jobs.claim(now: noon + 5) == .nothing(nextDue: nil))
    }

    @Test func aClockSetBackDelaysNothingForLong() async throws {
        let id = try await catalog.ingest.accept("a/1.mp3").recording
        _ = try await catalog.jobs.claimNext()
        _ = try await catalog.jobs.retryLater(id, due: noon + 5, code: "transient", message: "", now: noon)
        #expect(try await catalog.jobs.claimNext(noon - 7 * 86_400)?.id == id)
    }

    @Test func missingRecordingIsNotStarted() async throws {
        try await catalog.ingest.accept("a/1.mp3")
        _ = try await catalog.ingest.markGone(inboxPath("a/1.mp3"))
        #expect(try await catalog.jobs.claimNext() == nil)
        try await catalog.ingest.accept("a/1.mp3")
        #expect(try await catalog.jobs.claimNext() != nil)
    }

    @Test func aJobWhoseAudioIsGoneGoesBackUntilItReturns() async throws {
        let id = try await catalog.ingest.accept("a/1.mp3").recording
        _ = try await catalog.jobs.claimNext()
        #expect(try await catalog.jobs.handBack(id, isGoneFrom: inboxPath("a/1.mp3")) == .recorded)
        #expect(try await catalog.jobs.claimNext() == nil)
        #expect(try await catalog.ingest.accept("a/1.mp3") == .unchanged(id))
        #expect(try await catalog.jobs.claimNext()?.attempts == 1)
    }

    @Test func anAttemptIsOnTheDiskBeforeItStarts() async throws {
        let folder = try TemporaryFolder()
        let first = try await Catalog.open(folder.path("kotib.sqlite"))
        try await first.ingest.accept("a/1.mp3")
        _ = try await first.jobs.claimNext()
        // As after a crash: another connection opens while the first has neither ended nor closed anything.
        let second = try await Catalog.open(folder.path("kotib.sqlite"))
        let left = try await second.recordings.current(inboxPath("a/1.mp3"))
        #expect(left?.state == .processing)
        #expect(left?.attempts == 1)
        try await second.close()
        try await first.close()
    }

    @Test func aRestartCostsNoAttemptButIsCounted() async throws {
        let id = try await catalog.ingest.accept("a/1.mp3").recording
        for round in 1...JobStore.maxInterruptions {
            #expect(try await catalog.jobs.claimNext()?.attempts == 1)
            let recovered = try await catalog.jobs.recoverInterrupted(message: "Interrupted.", now: noon)
            #expect(recovered.resumed == [id])
            #expect(try await catalog.recordings.find(id)?.interruptions == round)
        }
        _ = try await catalog.jobs.claimNext()
        let recovered = try await catalog.jobs.recoverInterrupted(message: "Interrupted.", now: noon)
        #expect(recovered.failed == [id])
        let recording = try #require(try await catalog.recordings.find(id))
        #expect(recording.state == .failed)
        #expect(recording.errorCode == "interrupted")
        #expect(recording.sidecarDue?.kind == .failed)
    }

    @Test func turnsAreRightWhateverHappensToTheRows() async throws {
        var random = SeededGenerator(seed: 7)
        for step in 0..<600 {
            let path =
                "user\(Int.random(in: 0..<5, using: &random))/\(Int.random(in: 0..<6, using: &random)).mp3"
            switch Int.random(in: 0..<7, using: &random) {
            case 0, 1: try await catalog.ingest.accept(path, content: UInt8.random(in: 0..<3, using: &random))
            case 2: try await catalog.ingest.reject(path)
            case 3: _ = try await catalog.ingest.markGone(inboxPath(path))
            case 4: _ = try await catalog.jobs.recoverInterrupted(message: "Interrupted.", now: noon)
            default:
                let now = noon + Double(step)
                guard let id = try await catalog.jobs.claimNext(now)?.id else { continue }
                switch Int.random(in: 0..<4, using: &random) {
                case 0: _ = try await catalog.jobs.fail(id, code: "x", message: "x")
                case 1:
                    _ = try await catalog.jobs.retryLater(
                        id, due: now + 20, code: "x", message: "x", now: now)
                case 2: _ = try await catalog.jobs.handBack(id)
                default: break
                }
            }
        }
        try await expectTrueCounts()
        try await catalog.database.write("test") {
            try $0.execute(sql: "DELETE FROM audio_records WHERE id % 2 = 0")
        }
        try await expectTrueCounts()
    }

    private func expectTrueCounts() async throws {
        let wrong = try await catalog.database.read("test") { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM users u WHERE waiting <> (SELECT count(*) FROM audio_records a
                        WHERE a.user_id = u.id AND transcription_status = 'pending'
                            AND audio_state = 'present' AND due_at IS NULL)
                    """)
        }
        #expect(wrong == 0)
    }
}
