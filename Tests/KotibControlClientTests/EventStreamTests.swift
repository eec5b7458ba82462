import HTTPTypes
import KotibControlProtocol
import KotibControlTestSupport
import KotibTestSupport
import Synchronization
import Testing

@testable import KotibControlClient

@Suite struct EventStreamTests {
    private func follow(
        _ daemon: ScriptedDaemon, until count: Int, sleep: (Duration) -> Void = { _ in }
    ) async throws -> [String] {
        var seen: [String] = []
        try await daemon.client.events(
            sleep: sleep, connected: { true },
            each: { event, raw in
                seen.append(raw.name + " " + (raw.id ?? "-"))
                return seen.count < count
            })
        return seen
    }

    @Test func resumesWhereTheConnectionEnded() async throws {
        try await ScriptedDaemon.run { asked in
            asked.before == 0
                ? .events(": hello\n\n", changed(1, "pending", event: 7))
                : .events(changed(1, "completed", event: 8))
        } _: { daemon in
            let seen = try await follow(daemon, until: 2)
            #expect(seen == ["changed 7", "changed 8"])
            let resumed = daemon.asked.map { asked in
                asked.headers.first { $0.name.canonicalName == "last-event-id" }?.value
            }
            #expect(resumed == [nil, "7"])
        }
    }

    /// Pings keep a stream open; without any it is dead, and is opened anew.
    @Test func aStreamThatFallsSilentIsOpenedAnew() async throws {
        let folder = try TemporaryFolder()
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100000\r\n\r\n"
        let pings = Array(": ping\n\n".utf8)
        let server = try FaultServer(unixSocket: folder.path("s")) { asked in
            let event = Array(changed(1, "pending", event: asked.connection + 1).utf8)
            // The second stream has its event after longer than the silence, but is not silent.
            let pinging = FaultServer.Step.drip(pings + pings, milliseconds: 300)
            let steps = asked.connection == 0 ? [.send(event)] : [pinging, .send(event)]
            return [.send(Array(head.utf8))] + steps + [.hang]
        }
        defer { server.stop() }
        let client = ControlClient(
            socket: folder.path("s"), token: nil, language: "en", silence: .seconds(2))
        var seen: [String?] = []
        try await client.events(
            sleep: { _ in }, connected: { true },
            each: { _, raw in
                seen.append(raw.id)
                return seen.count < 2
            })
        #expect(seen == ["1", "2"])
        #expect(server.accepted == 2)
    }

    @Test func backsOffAndHonoursRetryAfter() async throws {
        let waits = Mutex<[Duration]>([])
        try await ScriptedDaemon.run { asked in
            switch asked.before {
            case 0, 8: .events(changed(1, "pending", event: asked.before))
            case 2: .refusal(.serviceUnavailable, "unavailable", retryAfter: 90)
            case 3: .refusal(.tooManyRequests, "too_many", retryAfter: 1)
            default: .refusal(.serviceUnavailable, "unavailable")
            }
        } _: { daemon in
            _ = try await follow(daemon, until: 2, sleep: { wait in waits.withLock { $0.append(wait) } })
        }
        #expect(waits.withLock(\.self) == [1, 2, 90, 8, 16, 30, 30, 30].map { .seconds($0) })
    }

    @Test func eachLossIsToldOnce() async throws {
        try await ScriptedDaemon.run { asked in
            [1, 2, 4].contains(asked.before)
                ? .refusal(.serviceUnavailable, "unavailable")
                : .events(changed(1, "pending", event: asked.before))
        } _: { daemon in
            var (seen, lost) = (0, [Int]())
            try await daemon.client.events(
                sleep: { _ in }, lost: { _ in lost.append(seen) }, connected: { true },
                each: { _, _ in
                    seen += 1
                    return seen < 3
                })
            #expect(lost == [1, 2])
        }
    }

    @Test func anEventBeginsTheWaitsAnew() async throws {
        let waits = Mutex<[Duration]>([])
        try await ScriptedDaemon.run { asked in
            asked.before == 1
                ? .refusal(.serviceUnavailable, "unavailable")
                : .events(changed(1, "pending", event: asked.before))
        } _: { daemon in
            _ = try await follow(daemon, until: 3, sleep: { wait in waits.withLock { $0.append(wait) } })
        }
        #expect(waits.withLock(\.self) == [1, 2, 1].map { .seconds($0) })
    }

    @Test(arguments: [HTTPResponse.Status.unauthorized, .forbidden])
    func aNoThatStaysEndsIt(status: HTTPResponse.Status) async throws {
        try await ScriptedDaemon.run { asked in
            asked.before == 0 ? .events(changed(1, "pending", event: 1)) : .refusal(status, "unauthorized")
        } _: { daemon in
            await #expect(throws: ControlError.self) { try await follow(daemon, until: 2) }
            #expect(daemon.asked.count == 2)
        }
    }

    @Test func theFirstRefusalIsTold() async throws {
        try await ScriptedDaemon.run { _ in
            .refusal(.serviceUnavailable, "unavailable", retryAfter: 1)
        } _: {
            daemon in
            await #expect(throws: ControlError.self) { try await follow(daemon, until: 1) }
            #expect(daemon.asked.count == 1)
        }
    }

    @Test func errorOfTheCallbackIsRethrown() async throws {
        struct Mine: Error {}
        try await ScriptedDaemon.run { _ in
            .events(changed(1, "pending", event: 1))
        } _: { daemon in
            await #expect(throws: Mine.self) {
                try await daemon.client.events(connected: { true }, each: { _, _ in throw Mine() })
            }
        }
    }

    @Test func anEventThatCannotBeReadIsAnError() async throws {
        try await ScriptedDaemon.run { _ in
            .events("event: changed\ndata: {}\n\n")
        } _: { daemon in
            await #expect(throws: ControlError.self) { try await follow(daemon, until: 1) }
        }
    }

    @Test func anEventOfALaterDaemonIsSkipped() async throws {
        try await ScriptedDaemon.run { _ in
            .events("event: new\ndata: ?\n\n", changed(1, "pending", event: 1))
        } _: {
            let seen = try await follow($0, until: 1)
            #expect(seen == ["changed 1"])
        }
    }
}
