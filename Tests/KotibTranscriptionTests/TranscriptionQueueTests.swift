import FoundationEssentials
import GRDB
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibText
import Logging
import Testing

@testable import KotibTranscription

struct TranscriptionQueueTests {
    @Test func aRecordingBecomesATranscript() async throws {
        let fixture = try QueueFixture()
        let id = try await fixture.accept("alisher/a.mp3")
        try await fixture.running {
            try await waitUntil("it is settled") { fixture.onJobFinished.values == [id] }
        }
        let transcript = try await fixture.catalog.recordings.transcript(of: id)
        #expect(transcript?.text == "Hello.")
        #expect(try await fixture.catalog.recordings.find(id)?.sidecarDue?.kind == .transcript)
    }

    @Test func rowsThatComeWhileItSleepsWakeIt() async throws {
        let fixture = try QueueFixture()
        try await fixture.running {
            for number in 0..<20 {
                let id = try await fixture.accept("alisher/\(number).mp3")
                try await fixture.waitFor(.completed, id)
            }
        }
        #expect(fixture.engine.calls.count == 20)
    }

    @Test func usersTakeTurns() async throws {
        let fixture = try QueueFixture()
        for number in 0..<100 { try await fixture.accept("a/\(number).mp3") }
        let others = [try await fixture.accept("b/1.mp3"), try await fixture.accept("c/1.mp3")]
        try await fixture.running { try await fixture.waitForCount(.completed, 102) }
        #expect(Set(others).isSubset(of: fixture.engine.calls.prefix(3)))
    }

    @Test(arguments: [1, 3]) func noMoreJobsRunThanThereAreSlots(slots: Int) async throws {
        let gate = Gate()
        let engine = FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("x")
        }
        let fixture = try QueueFixture(slots: slots, engine: engine)
        for number in 0..<10 { try await fixture.accept("a/\(number).mp3") }
        try await fixture.running {
            try await waitUntil("all slots are taken") { gate.count == slots }
            #expect(
                try await fixture.catalog.recordings.counts() == [.processing: slots, .pending: 10 - slots])
            let running = await fixture.queue.running()
            #expect(running.count == slots)
            #expect(running.first?.user == "a")
            #expect(running.first?.file == "a/0.mp3")
            #expect(running.first?.fraction == 0.5)
            #expect(running.first?.segments.map(\.text) == ["Half"])
            gate.open()
            try await fixture.waitForCount(.completed, 10)
        }
        #expect(await fixture.queue.running().isEmpty)
    }

    @Test func aRetryWaitsForItsTime() async throws {
        let engine = FakeEngine { _, before throws(EngineError) in
            if before == 0 { throw .transient(message: "Busy.", retryAfter: .seconds(30)) }
            return FakeEngine.result("x")
        }
        let fixture = try QueueFixture(engine: engine)
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it sleeps") { fixture.clock.deadlines.first?.offset == .seconds(30) }
            fixture.clock.advance(by: .milliseconds(29_999))
            #expect(try await fixture.catalog.recordings.find(id)?.state == .pending)
            #expect(engine.calls.count == 1)
            fixture.clock.advance(by: .milliseconds(2))
            try await fixture.waitFor(.completed, id)
        }
        #expect(try await fixture.catalog.recordings.find(id)?.attempts == 2)
        #expect(fixture.log.lines.map(\.level) == [.warning, .info])
    }

    @Test func passingFaultsEndAfterEightAttempts() async throws {
        let engine = FakeEngine { _, _ throws(EngineError) in
            throw .transient(message: "Server error 500.", retryAfter: nil)
        }
        let fixture = try QueueFixture(engine: engine)
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await fixture.advance(until: "it is settled") { fixture.onJobFinished.values == [id] }
        }
        let recording = try #require(try await fixture.catalog.recordings.find(id))
        #expect(engine.calls.count == 8)
        #expect(recording.state == .failed)
        #expect(recording.errorMessage == "Server error 500.")
        #expect(recording.sidecarDue?.kind == .failed)
        // The bounds of seven delays: 2 + 4 + 8 + 16 + 32 + 64 + 128.
        #expect(fixture.clock.now.offset < .seconds(254))
    }

    @Test func aFileThatKillsTheWorkerIsGivenUpAfterThreeAttemptsAndOthersGoOn() async throws {
        let fixture = try QueueFixture(
            engine: FakeEngine { job, _ throws(EngineError) in
                if job.size == 1000 && job.recording.rawValue == 1 { throw .poison(message: "Killed.") }
                return FakeEngine.result("x")
            })
        let poison = try await fixture.accept("a/1.mp3")
        let good = try await fixture.accept("a/2.mp3")
        try await fixture.running {
            try await fixture.advance(until: "both are settled") { fixture.onJobFinished.values.count == 2 }
        }
        #expect(fixture.engine.calls.count { $0 == poison } == 3)
        #expect(try await fixture.catalog.recordings.find(poison)?.errorCode == "poison")
        #expect(try await fixture.catalog.recordings.find(good)?.state == .completed)
    }

    @Test func aPermanentErrorIsFinalAtOnce() async throws {
        let fixture = try QueueFixture(
            engine: FakeEngine { _, _ throws(EngineError) in throw .permanent(message: "Too long.") })
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it is settled") { fixture.onJobFinished.values == [id] }
        }
        #expect(fixture.engine.calls.count == 1)
        #expect(try await fixture.catalog.recordings.find(id)?.errorMessage == "Too long.")
        #expect(fixture.log.lines.map(\.level) == [.error])
    }

    @Test func aFailureIsKeptInTheLanguageOfNotes() async throws {
        let fixture = try QueueFixture(
            engine: FakeEngine { _, _ throws(EngineError) in throw .permanent(message: .notTranscribed("EIO"))
            },
            messages: .uzbek)
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it is settled") { fixture.onJobFinished.values == [id] }
        }
        let message = try await fixture.catalog.recordings.find(id)?.errorMessage
        #expect(message == "Yozuvni matnga aylantirib boʻlmadi: EIO")
        let line = try #require(fixture.log.lines.first)
        #expect("\(line.metadata)".contains("The recording could not be transcribed: EIO"))
    }

    @Test func silenceIsSaidInTheLog() async throws {
        let fixture = try QueueFixture(engine: FakeEngine(words: ""))
        try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it is settled") { fixture.onJobFinished.values.count == 1 }
        }
        let line = try #require(fixture.log.lines.first)
        #expect(line.message == "transcribed")
        #expect(line.metadata["file"] == "a/1.mp3")
        #expect(line.metadata["user"] == "a")
        #expect(line.metadata["duration"] == "10.0")
        #expect(line.metadata["speech"] == "0.0")
    }

    @Test func aWrongEndingIsSaidInTheLog() async throws {
        let fixture = try QueueFixture()
        try await fixture.accept("a/1.m4a", container: "aac", warnings: [RecordingWarning(.unwrittenPart)])
        try await fixture.accept("a/2.mp3", content: 2)
        try await fixture.running {
            try await waitUntil("both are settled") { fixture.onJobFinished.values.count == 2 }
        }
        #expect(
            fixture.log.lines.map { $0.metadata["warnings"] } == ["unwritten_part,wrong_ending", nil])
    }

    /// A server hears the first track, which may be the one that is left out here.
    @Test(arguments: [.trackLeftOut, .unwrittenPart, nil] as [RecordingWarning.Code?])
    func ambiguousRecordingIsDoubtful(_ code: RecordingWarning.Code?) async throws {
        let jobs = Recorder<Bool>()
        let fixture = try QueueFixture(
            engine: FakeEngine { job, _ throws(EngineError) in
                jobs.add(job.isDoubtful)
                throw .permanent(message: "Enough.")
            })
        try await fixture.accept("a/1.mp3", warnings: code.map { [RecordingWarning($0)] } ?? [])
        try await fixture.running {
            try await waitUntil("it is settled") { fixture.onJobFinished.values.count == 1 }
        }
        #expect(jobs.values == [code != nil])
    }

    /// Another decoder may not know the header that is put right here (RIFX), or what stands before it.
    @Test func whatIsDecodedOtherwiseThanItStandsIsDoubtful() async throws {
        let jobs = Recorder<Bool>()
        let fixture = try QueueFixture(
            engine: FakeEngine { job, _ throws(EngineError) in
                jobs.add(job.isDoubtful)
                throw .permanent(message: "Enough.")
            })
        try await fixture.accept("a/1.mp3", isPatched: true)
        try await fixture.running {
            try await waitUntil("it is settled") { fixture.onJobFinished.values.count == 1 }
        }
        #expect(jobs.values == [true])
    }
}
