import FoundationEssentials
import GRDB
import Glibc
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibTranscription
import Logging
import Testing

struct OutageAndRestartTests {
    @Test func anOutageOfHalfAnHourFailsNothing() async throws {
        let clock = ManualClock()
        let outage = Duration.seconds(1800)
        let engine = FakeEngine { _, _ throws(EngineError) in
            guard clock.now.offset >= outage else {
                throw .unavailable(message: "Connection refused.", retryAfter: nil)
            }
            return FakeEngine.result("x")
        }
        let fixture = try QueueFixture(clock: clock, slots: 2, engine: engine)
        for number in 0..<50 { try await fixture.accept("user\(number % 3)/\(number).mp3") }
        try await fixture.running {
            try await fixture.advance(until: "all are done") {
                try await fixture.catalog.recordings.counts() == [.completed: 50]
            }
        }
        // 2 at first; a probe after 1, 2, 4, 8, 16, 32 s, then every minute.
        #expect(engine.calls.count <= 2 + 6 + 30 + 50)
        #expect(clock.now.offset <= outage + .seconds(61))
        let attempts = try await fixture.catalog.recordings.find(RecordingID(rawValue: 1))?.attempts
        #expect(attempts == 1)
        let told = fixture.log.lines.filter { $0.metadata["file"] == nil }
        #expect(told.map(\.level) == [.warning, .notice])
        #expect(told.first?.metadata["cause"] == "Connection refused.")
    }

    @Test func aPauseShowsItsReason() async throws {
        let fixture = try QueueFixture(
            engine: FakeEngine { _, _ throws(EngineError) in
                throw .unavailable(message: "The key is refused.", retryAfter: .seconds(40))
            })
        try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("the queue pauses") { await fixture.queue.enginePause() != nil }
            let pause = await fixture.queue.enginePause()
            #expect(pause?.message == "The key is refused.")
            #expect(pause?.remaining == .seconds(40))
        }
        #expect(try await fixture.catalog.recordings.counts() == [.pending: 1])
    }

    @Test func aRestartResumesWhatWasUnderWay() async throws {
        let folder = try TemporaryFolder()
        let catalog = try await Catalog.open(folder.path("kotib.sqlite"))
        let before = try QueueFixture(catalog: catalog)
        let id = try await before.accept("a/1.mp3")
        // The daemon dies between the claim and the end of the job.
        _ = try await catalog.jobs.claim(now: before.clock.date)
        try await catalog.close()

        let reopened = try await Catalog.open(folder.path("kotib.sqlite"))
        #expect(try await reopened.recordings.find(id)?.state == .processing)
        let after = try QueueFixture(catalog: reopened)
        try await after.running { try await after.waitFor(.completed, id) }
        let recording = try #require(try await reopened.recordings.find(id))
        #expect(recording.attempts == 1)
        #expect(recording.interruptions == 1)
        try await reopened.close()
    }

    @Test func aStopLetsAJobFinishWithinTheGrace() async throws {
        let gate = Gate()
        let fixture = try QueueFixture(engine: Self.engine(behind: gate))
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.accept("a/2.mp3")
        try await fixture.running {
            try await waitUntil("a job runs") { gate.count == 1 }
            await fixture.queue.stop()
            gate.open()
            try await fixture.waitFor(.completed, id)
        }
        #expect(try await fixture.catalog.recordings.counts() == [.completed: 1, .pending: 1])
    }

    @Test func afterTheGraceAJobIsHandedBack() async throws {
        let gate = Gate()
        let fixture = try QueueFixture(grace: .seconds(20), engine: Self.engine(behind: gate))
        let id = try await fixture.accept("a/1.mp3")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.queue.run() }
            try await waitUntil("a job runs") { gate.count == 1 }
            await fixture.queue.stop()
            try await waitUntil("the grace runs") { fixture.clock.deadlines.first?.offset == .seconds(20) }
            fixture.clock.advance(by: .seconds(20))
            try await group.waitForAll()
        }
        let recording = try #require(try await fixture.catalog.recordings.find(id))
        #expect(recording.state == .pending)
        #expect(recording.attempts == 0)
        #expect(recording.interruptions == 0)
    }

    @Test func aCancelledQueueHandsBackAtOnce() async throws {
        let gate = Gate()
        let fixture = try QueueFixture(slots: 3, engine: Self.engine(behind: gate))
        for number in 0..<5 { try await fixture.accept("a/\(number).mp3") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await fixture.queue.run() }
            try await waitUntil("jobs run") { gate.count == 3 }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await fixture.catalog.recordings.counts() == [.pending: 5])
    }

    @Test func replacedJobIsCancelledAndTheNewOneRuns() async throws {
        let gate = Gate()
        let fixture = try QueueFixture(
            engine: FakeEngine { _, before throws(EngineError) in
                if before == 0 { try await gate.pass() }
                return FakeEngine.result("New.")
            })
        let old = try await fixture.accept("a/1.mp3", content: 1)
        try await fixture.running {
            try await waitUntil("the job runs") { gate.count == 1 }
            let new = try await fixture.accept("a/1.mp3", content: 2)
            await fixture.queue.cancel(old)
            try await fixture.waitFor(.completed, new)
        }
        #expect(try await fixture.catalog.recordings.find(old)?.errorCode == "superseded")
        #expect(fixture.onJobFinished.values.count == 1)
    }

    @Test func audioThatIsNotThereIsMarkedGone() async throws {
        let fixture = try QueueFixture(open: { _ in nil })
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it is gone") {
                try await fixture.catalog.recordings.find(id)?.audio == .gone
            }
        }
        #expect(fixture.engine.calls.isEmpty)
        #expect(try await fixture.catalog.recordings.find(id)?.attempts == 0)
    }

    @Test func audioThatCannotBeOpenedIsTriedAgain() async throws {
        let opened = Recorder<Void>()
        let fixture = try QueueFixture(open: { _ in
            opened.add(())
            if opened.values.count == 1 { throw SystemError(code: EMFILE, operation: "openat2") }
            return OpenFile(owning: open("/dev/null", O_RDONLY | O_CLOEXEC))
        })
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await fixture.advance(until: "it is settled") { fixture.onJobFinished.values == [id] }
        }
        #expect(try await fixture.catalog.recordings.find(id)?.attempts == 2)
    }

    @Test func wordsAreKeptThoughTheCatalogRefusesThemForAWhile() async throws {
        let database = try DatabaseQueue()
        let catalog = try Catalog(database)
        let gate = Gate()
        let fixture = try QueueFixture(catalog: catalog, engine: Self.engine(behind: gate))
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("the job runs") { gate.count == 1 }
            // Makes writes fail, as on a full disk: https://www.sqlite.org/pragma.html#pragma_query_only
            try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = ON") }
            gate.open()
            try await waitUntil("the queue waits") { fixture.clock.deadlines.first?.offset == .seconds(1) }
            #expect(try await catalog.recordings.find(id)?.state == .processing)
            try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = OFF") }
            fixture.clock.advance(by: .seconds(1))
            try await fixture.waitFor(.completed, id)
        }
        #expect(fixture.engine.calls.count == 1)
    }

    private static func engine(behind gate: Gate) -> FakeEngine {
        FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("x")
        }
    }
}
