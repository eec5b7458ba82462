import KotibCatalog
import KotibModel
import KotibTestSupport
import KotibTranscription
import Testing

struct ProgressTests {
    @Test func progressIsSentAtMostTwiceASecondWithAnEstimate() async throws {
        let (clock, gate) = (ManualClock(), Gate())
        let engine = FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("x")
        }
        let fixture = try QueueFixture(clock: clock, engine: engine)
        let progress = fixture.queue.progress()
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it is with the engine") { gate.count == 1 }
            clock.advance(by: .seconds(3))
            let running = try #require(await fixture.queue.running().first)
            #expect(running.recording == id)
            #expect(running.userID != nil)
            // The first half took three seconds.
            #expect(running.remaining == .seconds(3))
            gate.open()
            try await fixture.waitFor(.completed, id)
        }
        // The stream ends with the queue. What the engine said at once after the start was too soon to be
        // told.
        var told: [RunningJob] = []
        for await job in progress { told.append(job) }
        #expect(told.map(\.fraction) == [0])
        #expect(told.first?.remaining == nil)
    }

    @Test func endWaitsForTheJobAndItsText() async throws {
        let gate = Gate()
        let engine = FakeEngine { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("x")
        }
        let fixture = try QueueFixture(engine: engine)
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("it is with the engine") { gate.count == 1 }
            _ = try await fixture.catalog.deletions.decide(of: id, in: .everyone)
            await fixture.queue.cancelAndWait(id)
            #expect(await fixture.queue.running().isEmpty)
            #expect(try await fixture.catalog.recordings.find(id)?.state == .pending)
        }
        #expect(engine.calls == [id])
    }
}
