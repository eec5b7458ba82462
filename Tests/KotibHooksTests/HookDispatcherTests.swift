import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibHooks

@Suite(.timeLimit(.minutes(1))) struct HookDispatcherTests {
    private let fixture: HooksFixture
    private var catalog: Catalog { fixture.catalog }

    init() throws { fixture = try HooksFixture() }

    @Test func eventsAreToldOnceInTheirOrder() async throws {
        let receiver = ScriptedReceiver()
        let dispatcher = try await fixture.dispatcher([receiver])
        try await fixture.refuse("ali/a.mp3")
        try await fixture.run(dispatcher, until: "all are told") {
            if receiver.files.count == 1 { try await fixture.refuse("ali/b.mp3") }
            let health = try await dispatcher.health()[0]
            return receiver.files.count >= 2 && health.pending == 0
        }
        #expect(receiver.files == ["ali/a.mp3", "ali/b.mp3"])
        #expect(try await dispatcher.health() == [HookHealth(receiver: .program, pending: 0, delivered: 2)])
    }

    @Test func failedEventIsRetriedWithTheSameID() async throws {
        let receiver = ScriptedReceiver(
            .webhook, [.later("no", retryAfter: nil), .later("no", retryAfter: nil)])
        let dispatcher = try await fixture.dispatcher([receiver])
        try await fixture.refuse("ali/a.mp3")
        try await fixture.run(dispatcher, until: "it is told") {
            let health = try await dispatcher.health()[0]
            return health.delivered == 1 && health.pending == 0
        }
        #expect(receiver.messages.count == 3)
        #expect(Set(receiver.messages.map(\.event.id)).count == 1)
        #expect(Set(receiver.messages.map(\.json)).count == 1)
        #expect(try await dispatcher.health()[0].problem == nil)
        #expect(fixture.log.all.contains { $0.hasPrefix("warning hook not delivered, retrying") })
        #expect(fixture.log.all.contains { $0.contains("receiver recovered") })
    }

    @Test func aServersWishToWaitIsHonoured() async throws {
        let receiver = ScriptedReceiver(.webhook, [.later("busy", retryAfter: .seconds(1000))])
        let dispatcher = try await fixture.dispatcher([receiver])
        try await fixture.refuse("ali/a.mp3")
        try await fixture.run(dispatcher, until: "it is told") {
            try await dispatcher.health()[0].delivered == 1
        }
        #expect(fixture.clock.now.offset >= .seconds(1000))
        #expect(fixture.clock.now.offset < .seconds(1100))
    }

    @Test func refusedEventIsGivenUpWithAnError() async throws {
        let receiver = ScriptedReceiver(.program, [.failed("status 1")])
        let dispatcher = try await fixture.dispatcher([receiver])
        try await fixture.refuse("ali/a.mp3")
        try await fixture.run(dispatcher, until: "it is given up") {
            let health = try await dispatcher.health()[0]
            return health.failed == 1 && health.pending == 0
        }
        #expect(receiver.files.count == 1)
        #expect(try await dispatcher.health()[0].problem == "status 1")
        let line = try #require(fixture.log.all.first { $0.hasPrefix("error hook given up") })
        #expect(line.contains("file=ali/a.mp3") && line.contains("cause=status 1"))
    }

    @Test func afterThreeDaysItIsGivenUp() async throws {
        let receiver = ScriptedReceiver(.webhook, rest: .later("down", retryAfter: .seconds(3600)))
        let dispatcher = try await fixture.dispatcher([receiver])
        try await fixture.refuse("ali/a.mp3")
        let running = Task { await dispatcher.run() }
        defer { running.cancel() }
        try await waitUntil("it is given up") {
            if !fixture.clock.deadlines.isEmpty { fixture.clock.advance(by: .seconds(3600)) }
            return try await dispatcher.health()[0].failed == 1
        }
        #expect(fixture.clock.now.offset >= .seconds(HookDeliverer.retryPeriod - 7200))
        #expect(receiver.files.count > 20)
        #expect(try await catalog.hooks.pending() == [:])
    }

    /// One that hangs holds up neither the other nor the end of the daemon.
    @Test func oneReceiverDoesNotHoldUpAnother() async throws {
        let (silent, other) = (SilentReceiver(), ScriptedReceiver())
        let dispatcher = try await fixture.dispatcher([silent, other])
        for name in ["a", "b", "c"] { try await fixture.refuse("ali/\(name).mp3") }
        try await fixture.run(dispatcher, until: "the other is told") {
            let pending = try await catalog.hooks.pending()
            return other.files.count == 3 && silent.asked.value == 1 && pending == [.webhook: 3]
        }
    }

    @Test func anEventThatCannotBeToldLetsOthersPass() async throws {
        let receiver = ScriptedReceiver(.webhook, [.later("500", retryAfter: .seconds(600))])
        let dispatcher = try await fixture.dispatcher([receiver])
        try await fixture.refuse("ali/a.mp3")
        let running = Task { await dispatcher.run() }
        defer { running.cancel() }
        try await waitUntil("it has failed") { try await dispatcher.health()[0].problem != nil }
        try await fixture.refuse("ali/b.mp3")
        try await waitUntil("both are told") {
            if !fixture.clock.deadlines.isEmpty { fixture.clock.advance(by: .seconds(5)) }
            return try await dispatcher.health()[0].delivered == 2
        }
        #expect(receiver.files == ["ali/a.mp3", "ali/b.mp3", "ali/a.mp3"])
    }

    /// Another dispatcher on the same catalog, as after a restart of the daemon.
    @Test func pendingEventsAreDeliveredAfterARestart() async throws {
        let (silent, receiver) = (SilentReceiver(), ScriptedReceiver(.webhook))
        let first = try await fixture.dispatcher([silent])
        try await fixture.refuse("ali/a.mp3")
        try await fixture.run(first, until: "it is asked") { silent.asked.value == 1 }
        let second = try await fixture.dispatcher([receiver])
        try await fixture.run(second, until: "it is told") { receiver.files == ["ali/a.mp3"] }
    }

    @Test func removedReceiverIsLogged() async throws {
        _ = try await fixture.dispatcher([ScriptedReceiver(.webhook)])
        try await fixture.refuse("ali/a.mp3")
        let none = try await fixture.dispatcher([])
        #expect(!none.isNeeded)
        #expect(try await none.health() == [])
        #expect(fixture.log.all.contains { $0.contains("pending hooks deleted") && $0.contains("count=1") })
    }
}
