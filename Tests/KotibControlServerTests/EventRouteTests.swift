import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibTestSupport
import KotibTranscription
import Testing

@testable import KotibControlServer

@Suite(.timeLimit(.minutes(1))) struct EventRouteTests {
    /// Follows as `caller` while `body` runs; then the daemon stops.
    private func following(
        _ fixture: ControlFixture, as caller: Caller, since last: String? = nil,
        _ body: (BodyKeeper) async throws -> Void
    ) async throws {
        var headers: HTTPFields = [:]
        if let last { headers[try #require(HTTPField.Name("Last-Event-ID"))] = last }
        let response = try await fixture.respond(.get, "/api/v1/events", as: caller, headers: headers)
        #expect(response.headers[.contentType] == "text/event-stream")
        let kept = BodyKeeper()
        let stream = Task { try await response.body.write(kept) }
        try await waitUntil("the stream begins") { kept.text.hasPrefix("id: ") }
        try await body(kept)
        stream.cancel()
        try await stream.value
    }

    @Test func everybodyHearsOfTheirOwn() async throws {
        let fixture = try await ControlFixture()
        let ali = try await fixture.user("ali")
        try await following(fixture, as: .session(ali)) { kept in
            try await fixture.record("vali/secret.mp3", content: 1)
            try await fixture.record("ali/talk.mp3", content: 2)
            try await waitUntil("the event arrives") { kept.text.contains("ali/talk.mp3") }
            #expect(kept.text.contains("event: changed\ndata: {"))
            #expect(!kept.text.contains("secret"))
        }
    }

    @Test func reconnectingFollowerMissesNothing() async throws {
        let fixture = try await ControlFixture()
        try await fixture.record("ali/first.mp3", content: 1)
        let last = try await fixture.catalog.events.last()
        for number in 1...EventRoute.page + 20 {
            try await fixture.record("ali/\(number).mp3", content: UInt8(number + 1))
        }
        try await following(fixture, as: .localOperator, since: "\(last)") { kept in
            try await waitUntil("the last arrives") { kept.text.contains("ali/120.mp3") }
            #expect(kept.text.contains("ali/1.mp3") && !kept.text.contains("first"))
            let ids = kept.text.matches(of: /id: ([0-9]+)\nevent/).compactMap { Int64($0.output.1) }
            #expect(ids == ids.sorted() && Set(ids).count == ids.count && ids.first == last + 1)
        }
    }

    @Test(arguments: ["9999", "-1", "x", ""])
    func unknownEarlierSoundIsIgnored(_ last: String) async throws {
        let fixture = try await ControlFixture()
        try await fixture.record("ali/a.mp3")
        let latest = try await fixture.catalog.events.last()
        try await following(fixture, as: .localOperator, since: last) { kept in
            #expect(kept.text == "id: \(latest)\nevent: reset\ndata: {}\n\n")
        }
    }

    @Test func aSessionThatEndsEndsTheStream() async throws {
        let fixture = try await ControlFixture(ping: .milliseconds(5))
        let caller = try await fixture.login("+998901234567")
        guard case .session(let session) = caller else { return }
        let response = try await fixture.respond(.get, "/api/v1/events", as: caller)
        let kept = BodyKeeper()
        async let end: Void = response.body.write(kept)
        try await waitUntil("pings come") { kept.text.contains(": ping\n\n") }
        try await fixture.accounts.logout(session, everywhere: false)
        // Returns: nobody has cancelled it.
        try await end
    }

    /// Threat 60: not a word after it, though no ping is due.
    @Test func deactivatedFollowerGetsNoMoreEvents() async throws {
        let fixture = try await ControlFixture()
        let admin = try await fixture.user("boss", .admin)
        let response = try await fixture.respond(.get, "/api/v1/events", as: .session(admin))
        let kept = BodyKeeper()
        async let end: Void = response.body.write(kept)
        try await waitUntil("the stream begins") { kept.text.hasPrefix("id: ") }
        _ = try await fixture.accounts.change(admin.user.id, UserChange(role: .user))
        try await fixture.record("ali/secret.mp3")
        try await end
        #expect(!kept.text.contains("secret"))
    }

    /// Events of other users are not read again after a reconnect.
    @Test func theEndMovesOnWithWhatOthersDo() async throws {
        let fixture = try await ControlFixture(ping: .milliseconds(5))
        let ali = try await fixture.user("ali")
        try await following(fixture, as: .session(ali)) { kept in
            try await fixture.record("vali/secret.mp3")
            let last = try await fixture.catalog.events.last()
            try await waitUntil("the new end is told") { kept.text.contains("\nid: \(last)\n\n") }
            #expect(!kept.text.contains("secret"))
        }
    }

    @Test func progressIsToldToWhomItConcerns() async throws {
        let gate = Gate()
        let engine = FakeEngine { _, _ async throws(EngineError) in
            try await gate.pass()
            return FakeEngine.result("Salom.")
        }
        let fixture = try await ControlFixture(engine: engine)
        let vali = try await fixture.user("vali")
        let run = Task { await fixture.queue.run() }
        try await following(fixture, as: .localOperator) { all in
            try await following(fixture, as: .session(vali)) { other in
                try await fixture.record("ali/talk.mp3", isThere: true)
                await fixture.queue.wake()
                try await waitUntil("progress") { all.text.contains("event: progress\ndata: {") }
                #expect(!other.text.contains("progress"))
            }
        }
        gate.open()
        await fixture.queue.stop()
        await run.value
    }
}
