import FoundationEssentials
import GRDB
import KotibCatalog
import KotibComponents
import KotibIngestTestSupport
import KotibModel
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Testing

@testable import KotibIngest

/// A recording goes on beyond its user's quota: what there was stays, and only what came to it waits and is
/// charged.
@Suite struct GrowthQuotaTests {
    private let clock = ManualClock()

    /// Runs `body` beside the queue and what takes in as room is made.
    private func running(_ inbox: IngestFixture, _ body: () async throws -> Void) async throws {
        try await inbox.transcribing { try await inbox.readmitting(clock, body) }
    }

    /// With a tag, as the inspector's hash is that of the first bytes.
    private func sound(_ seconds: Int) -> String { "\(seconds)#" + String(repeating: "a", count: seconds) }

    private func use(_ inbox: IngestFixture) async throws -> QuotaUsage {
        let user = try await inbox.catalog.users.enroll("ali")
        return try #require(try await inbox.catalog.users.find(user)).use
    }

    private func edit(_ inbox: IngestFixture, _ words: String) async throws {
        let id = try #require(try await inbox.current()).id
        let edit = TranscriptEdit(
            recording: id, scope: .everyone, text: words, author: nil, origin: .sidecar, expected: nil)
        _ = try await inbox.catalog.revisions.edit(edit)
        try await inbox.sidecars.writer.writeDue(id)
    }

    /// 50 s are being heard as it grows to 61 s, of a minute a day.
    @Test func theBeginningIsHeardAndTheRestWaits() async throws {
        let gate = Gate()
        let jobs = Shared<[TranscriptionJob]>([])
        let engine = FakeEngine { job, before throws(EngineError) in
            jobs.change { $0.append(job) }
            if before == 0 { try await gate.pass() }
            return FakeEngine.result("\(job.duration) s")
        }
        let inbox = try IngestFixture(engine: engine, quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        try await running(inbox) {
            let id = try #require(try await inbox.drop(sound(50))).id
            try await waitUntil("the job runs") { gate.count == 1 }
            let grown = try #require(try await inbox.drop(sound(61)))
            #expect(grown.id == id && grown.state == .processing && grown.facts?.duration == 50)
            #expect(try inbox.rows() == 1)
            // A scan leaves it alone.
            #expect(try await inbox.catalog.ingest.isKnown([(grown.path, grown.identity)]) == [true])
            gate.open()
            try await inbox.awaitText("50.0 s")
            let note = try #require(inbox.folder.read("ali/talk.wav.rejected.txt"))
            #expect(note.contains("What was added to “talk.wav” is not transcribed yet"), "\(note)")
            #expect(try await use(inbox).milliseconds == 50_000)
            #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 1)

            clock.advance(by: .seconds(11 * 3600))
            try await inbox.awaitText("61.0 s")
            try await waitUntil("the note is gone") {
                try inbox.names() == ["talk.wav", "talk.wav.txt"]
            }
            #expect(try await use(inbox).milliseconds == 11_000)
            #expect(try await inbox.current()?.id == id)
            #expect(try inbox.rows() == 1)
        }
        #expect(jobs.value.map(\.duration) == [50, 61])
        #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 0)
    }

    /// It was heard and corrected, and grows when the rest of the day's minutes is used.
    @Test func aCorrectionStaysAndOnlyTheGrowthIsCharged() async throws {
        let engine = FakeEngine { job, _ throws(EngineError) in
            var result = FakeEngine.result("Helo.")
            result.transcript.segments = [TranscriptSegment(start: 0, end: 4, text: "Helo.")]
            if job.duration > 15 {
                result.transcript.segments.append(TranscriptSegment(start: 16, end: 20, text: "And more."))
                result.transcript.text = "Helo. And more."
            }
            return result
        }
        let inbox = try IngestFixture(engine: engine, quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        try await running(inbox) {
            let id = try #require(try await inbox.drop(sound(15))).id
            try await inbox.awaitText("Helo.")
            try await edit(inbox, "Hello!")
            try await inbox.drop("#" + String(repeating: "o", count: 40), "ali/other.wav")
            try await inbox.awaitText("Helo. And more.", beside: "ali/other.wav")
            let calls = engine.calls.count
            let grown = try #require(try await inbox.drop(sound(30)))
            #expect(grown.id == id && grown.state == .completed)
            #expect(inbox.folder.read("ali/talk.wav.txt") == "Hello!\n")
            #expect(inbox.folder.read("ali/talk.wav.rejected.txt") != nil)
            #expect(engine.calls.count == calls)

            clock.advance(by: .seconds(11 * 3600))
            try await inbox.awaitText("Hello!\n\nAnd more.")
            #expect(try await use(inbox).milliseconds == 15_000)
            #expect(try await inbox.current()?.id == id)
            #expect(try inbox.rows() == 2)
            try await waitUntil("the note is gone") {
                try inbox.names() == ["other.wav", "other.wav.txt", "talk.wav", "talk.wav.txt"]
            }
        }
    }

    /// It was not heard yet, and the daemon ends in between: only what was charged is heard.
    @Test func whatWaitsForItsTurnIsHeardUpToWhatWasCharged() async throws {
        let jobs = Shared<[TranscriptionJob]>([])
        let engine = FakeEngine { job, _ throws(EngineError) in
            jobs.change { $0.append(job) }
            return FakeEngine.result("\(job.duration) s")
        }
        let inbox = try IngestFixture(engine: engine, quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        try await inbox.drop(sound(50))
        try await inbox.drop(sound(61))
        #expect(try await inbox.current()?.state == .pending)
        try await inbox.transcribing { try await inbox.awaitText("50.0 s") }
        #expect(jobs.value.map(\.isBeginning) == [true])
    }

    /// Neither touching it nor growing on makes room in the bytes.
    @Test func bytesAreCountedOnceAndNotForgiven() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(bytes: 40)))
        let other = "#" + String(repeating: "o", count: 19)
        try await running(inbox) {
            try await inbox.drop(other, "ali/other.wav")
            let id = try #require(try await inbox.drop(sound(14))).id
            try await inbox.awaitText("Hello.")
            for seconds in [24, 29] {
                try await inbox.drop(sound(seconds))
                try inbox.folder.write("t" + sound(seconds), to: "ali/talk.wav")
                try await inbox.handle("ali/talk.wav")
                let waiting = try #require(try await inbox.current())
                #expect(waiting.id == id && waiting.facts?.duration == 14)
                #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 1)
            }
            #expect(try await use(inbox).bytes == 53)
            try await inbox.lose("ali/other.wav")
            try await waitUntil("the rest is taken") {
                try await inbox.current()?.facts?.duration == 29
            }
            #expect(try await inbox.current()?.id == id)
            #expect(try await use(inbox).bytes == 33)
        }
        #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 0)
    }

    @Test func whatIsRenamedWhileItWaitsIsTheSame() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        let first = try #require(try await inbox.drop(sound(50)))
        try await inbox.drop(sound(61))
        try inbox.folder.rename("ali/talk.wav", to: "ali/new.wav")
        try await inbox.handle("ali/new.wav")
        await inbox.pipeline.handle(.scanFinished)
        let moved = try #require(try await inbox.current("ali/new.wav"))
        #expect(moved.id == first.id && moved.facts?.duration == 50)
        #expect(try inbox.rows() == 1)
        #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 1)
        #expect(try inbox.names() == ["new.wav", "new.wav.rejected.txt"])
        #expect(try await use(inbox).milliseconds == 50_000)
    }

    /// Another file at the path ends the wait.
    @Test func whatIsReplacedWaitsNoMore() async throws {
        let inbox = try IngestFixture(quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        let first = try #require(try await inbox.drop(sound(50)))
        try await inbox.drop(sound(61))
        #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 1)
        let other = try #require(try await inbox.drop("#bbbb"))
        #expect(other.id != first.id && other.state == .pending)
        #expect(try await inbox.catalog.quotas.countWaitingForQuota() == 0)
        #expect(try inbox.names() == ["talk.wav"])
    }

    /// A recording grows while it is transcribed, and is replaced when the engine was given its beginning
    /// only.
    @Test func replacedGrowthGivesBackOnlyWhatWasNotTranscribed() async throws {
        let gates = [Gate()]
        let engine = FakeEngine { job, before throws(EngineError) in
            if before < gates.count { try await gates[before].pass() }
            return FakeEngine.result("\(job.duration) s")
        }
        let inbox = try IngestFixture(
            engine: engine, reuse: .own, quotas: Quotas.tashkent(clock, Quota(minutesPerDay: 1)))
        try await inbox.transcribing {
            let first = try #require(try await inbox.drop(sound(30)))
            try await waitUntil("the job runs") { gates[0].count == 1 }
            try await inbox.drop(sound(45))
            #expect(try await use(inbox).milliseconds == 45_000)

            let other = try await inbox.drop("#" + String(repeating: "b", count: 20))
            gates[0].open()
            #expect(other?.id != first.id && other?.state != .rejected)
            #expect(try await use(inbox).milliseconds == 50_000)
            try await inbox.awaitText("20.0 s")

            // Back again, it is charged for the rest when there is room, and transcribed as a whole.
            clock.advance(by: .seconds(11 * 3600))
            let back = try await inbox.drop(sound(45), "ali/back.wav")
            #expect(back?.id == first.id)
            try await inbox.awaitText("45.0 s", beside: "ali/back.wav")
            #expect(try await use(inbox).milliseconds == 15_000)
        }
    }
}
