import KotibCatalog
import KotibHealth
import KotibModel
import KotibTestSupport
import KotibTranscription
import Logging
import Testing

/// Several engines: each user's recordings go to their own.
struct EngineLaneTests {
    private func engine(_ name: String) -> FakeEngine {
        FakeEngine(named: name) { _, _ throws(EngineError) in FakeEngine.result(name) }
    }

    private func give(_ engine: EngineName, to folder: String, in catalog: Catalog) async throws {
        let user = try await catalog.users.enroll(UserFolder(stringLiteral: folder))
        _ = try await catalog.users.change(user) { $0.settings.engine = engine }
    }

    @Test func everybodyIsServedByTheirEngine() async throws {
        let (local, remote) = (engine("local"), engine("openai"))
        let fixture = try QueueFixture(engine: local, others: [EngineLane(engine: remote)])
        try await give(.openai, to: "a", in: fixture.catalog)
        try await give(.local, to: "c", in: fixture.catalog)
        let first = try await fixture.accept("a/1.mp3")
        let others = [try await fixture.accept("b/1.mp3"), try await fixture.accept("c/1.mp3")]
        try await fixture.running { try await fixture.waitForCount(.completed, 3) }
        #expect(remote.calls == [first])
        #expect(local.calls.sorted { $0.rawValue < $1.rawValue } == others)
    }

    /// The configuration has changed since: the recordings stay in the house all the same.
    @Test func localEngineUserIsNeverServedRemotely() async throws {
        let remote = engine("openai")
        let fixture = try QueueFixture(engine: remote)
        try await give(.local, to: "a", in: fixture.catalog)
        let kept = try await fixture.accept("a/1.mp3")
        let sent = try await fixture.accept("b/1.mp3")
        try await fixture.running {
            try await fixture.waitFor(.failed, kept)
            try await fixture.waitFor(.completed, sent)
        }
        #expect(remote.calls == [sent])
        let recording = try #require(try await fixture.catalog.recordings.find(kept))
        #expect(recording.errorMessage?.contains("stay on this machine") == true)
        #expect(recording.sidecarDue?.kind == .failed)
    }

    @Test func aRemoteEngineThatIsNotThereAnyMoreIsReplaced() async throws {
        let local = engine("local")
        let fixture = try QueueFixture(engine: local)
        try await give(.openai, to: "a", in: fixture.catalog)
        let id = try await fixture.accept("a/1.mp3")
        try await fixture.running { try await fixture.waitFor(.completed, id) }
        #expect(local.calls == [id])
        let told = fixture.log.lines.first { $0.message.contains("user's engine not configured") }
        #expect(told?.level == .warning && told?.metadata["chosen"] == "openai")
    }

    @Test func anEngineThatIsOutHoldsUpItsOwnUsersOnly() async throws {
        let local = engine("local")
        let remote = FakeEngine(named: "openai") { _, _ throws(EngineError) in
            throw .unavailable(message: "Connection refused.", retryAfter: .seconds(40))
        }
        let fixture = try QueueFixture(engine: local, others: [EngineLane(engine: remote)])
        try await give(.openai, to: "a", in: fixture.catalog)
        let waiting = try await fixture.accept("a/1.mp3")
        try await fixture.running {
            try await waitUntil("one engine pauses") { await fixture.queue.enginePause() != nil }
            #expect(await fixture.queue.enginePause()?.message == "openai: Connection refused.")
            for number in 0..<5 {
                let id = try await fixture.accept("b/\(number).mp3")
                try await fixture.waitFor(.completed, id)
            }
        }
        #expect(remote.calls == [waiting])
        #expect(try await fixture.catalog.recordings.find(waiting)?.state == .pending)
    }

    @Test func aLongRecordingHoldsUpNobodyOfAnotherEngine() async throws {
        let gate = Gate()
        let local = FakeEngine(named: "local") { _, _ throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("x")
        }
        let fixture = try QueueFixture(engine: local, others: [EngineLane(engine: engine("openai"))])
        try await give(.openai, to: "a", in: fixture.catalog)
        try await fixture.accept("b/1.mp3")
        try await fixture.running {
            try await waitUntil("the long one runs") { gate.count == 1 }
            let id = try await fixture.accept("a/1.mp3")
            try await fixture.waitFor(.completed, id)
            gate.open()
        }
    }
}
