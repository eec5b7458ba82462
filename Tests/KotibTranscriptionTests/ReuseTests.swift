import KotibCatalog
import KotibModel
import KotibTestSupport
import KotibTranscription
import Logging
import Testing

struct ReuseTests {
    @Test func theSameContentIsHeardOnce() async throws {
        let fixture = try QueueFixture(reuse: .own)
        let ids = [
            try await fixture.accept("ali/1.mp3"), try await fixture.accept("ali/2.mp3"),
            try await fixture.accept("ali/3.mp3", content: 2), try await fixture.accept("vali/1.mp3"),
        ]
        try await fixture.running { try await fixture.waitForCount(.completed, 4) }
        #expect(Set(fixture.engine.calls) == [ids[0], ids[2], ids[3]])
        #expect(Set(fixture.onJobFinished.values) == Set(ids))
        #expect(try await fixture.catalog.recordings.transcript(of: ids[1])?.text == "Hello.")
        let lines = fixture.log.lines.filter { $0.message.hasPrefix("transcript reused") }
        #expect(lines.count == 1)
        #expect(lines.first?.metadata["source"] == "\(ids[0])")
    }

    @Test func eachIsHeardWhereTheAdministratorWantsIt() async throws {
        let fixture = try QueueFixture(reuse: .none)
        for number in 0..<3 { try await fixture.accept("ali/\(number).mp3") }
        try await fixture.running { try await fixture.waitForCount(.completed, 3) }
        #expect(fixture.engine.calls.count == 3)
    }

    /// Another model hears the same content anew: for its own words the administrator has set it.
    @Test func anotherModelsWordsAreNotReused() async throws {
        let engine = FakeEngine(named: "fake", model: "fake-2") { _, _ in
            var result = FakeEngine.result("Hello again.")
            result.transcript.model = "fake-2"
            return result
        }
        let fixture = try QueueFixture(reuse: .all, engine: engine)
        let first = try await fixture.accept("ali/1.mp3")
        try #require(try await fixture.catalog.jobs.claim() != .nothing(nextDue: nil))
        _ = try await fixture.catalog.jobs.complete(
            first, transcript: FakeEngine.result("Hello.").transcript, speech: 1, engineSeconds: 1)
        let second = try await fixture.accept("ali/2.mp3")
        let third = try await fixture.accept("ali/3.mp3")
        try await fixture.running { try await fixture.waitForCount(.completed, 3) }
        // The first was by fake-1; the third gets those of the second.
        #expect(engine.calls == [second])
        #expect(try await fixture.catalog.recordings.transcript(of: first)?.text == "Hello.")
        for id in [second, third] {
            #expect(try await fixture.catalog.recordings.transcript(of: id)?.text == "Hello again.")
            #expect(try await fixture.catalog.recordings.find(id)?.model == "fake-2")
        }
    }

    /// With a wrong language set, words are none that the speaker said.
    @Test func wordsInASetLanguageAreNotReusedWhereItIsDetected() async throws {
        let given = try QueueFixture(reuse: .own, language: SpokenLanguage("en"))
        try await given.accept("ali/1.mp3")
        try await given.running { try await given.waitForCount(.completed, 1) }
        let automatic = try QueueFixture(catalog: given.catalog, reuse: .own)
        let second = try await automatic.accept("ali/2.mp3")
        let third = try await automatic.accept("ali/3.mp3")
        try await automatic.running { try await automatic.waitForCount(.completed, 3) }
        #expect(automatic.engine.calls == [second])
        #expect(try await automatic.catalog.recordings.transcript(of: third)?.text == "Hello.")
    }

    /// What was heard in a detected language is heard again in the one that is set meanwhile.
    @Test func wordsInADetectedLanguageAreNotReusedWhereItIsSet() async throws {
        let automatic = try QueueFixture(reuse: .own)
        try await automatic.accept("ali/1.mp3")
        try await automatic.running { try await automatic.waitForCount(.completed, 1) }
        let given = try QueueFixture(catalog: automatic.catalog, reuse: .own, language: SpokenLanguage("en"))
        let second = try await given.accept("ali/2.mp3")
        try await given.accept("ali/3.mp3")
        try await given.running { try await given.waitForCount(.completed, 3) }
        #expect(given.engine.calls == [second])
    }

    /// Words that are there say nothing about an engine that is not.
    @Test func anOutageGoesOnWhileWordsAreReused() async throws {
        let engine = FakeEngine { job, before throws(EngineError) in
            if before > 0 { throw .unavailable(message: "No key.", retryAfter: .seconds(60)) }
            return FakeEngine.result("Hello.")
        }
        let fixture = try QueueFixture(reuse: .own, engine: engine)
        let first = try await fixture.accept("ali/1.mp3")
        try await fixture.running {
            try await fixture.waitFor(.completed, first)
            let other = try await fixture.accept("ali/2.mp3", content: 2)
            try await waitUntil("the engine is paused") { await fixture.queue.enginePause() != nil }
            #expect(try await fixture.catalog.recordings.find(other)?.state == .pending)
        }
        #expect(engine.calls.count == 2)
    }
}
