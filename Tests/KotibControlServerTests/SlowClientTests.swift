import KotibCatalog
import KotibModel
import KotibTestSupport
import NIOCore
import Testing

@testable import KotibControlServer

/// Threat 62: who holds things up is let go, and a quick client is served all the while. One after the other:
/// each keeps a quick client busy, and ten of those would starve the slow ones' server of its seconds.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SlowClientTests {
    private let fixture: SocketFixture

    init() async throws {
        var fixture = try await SocketFixture()
        fixture.settings.timeouts = ConnectionTimeoutHandler.Limits(
            head: .seconds(2), piece: .seconds(2), request: .seconds(4), unread: .seconds(2),
            look: .milliseconds(50))
        self.fixture = fixture
    }

    /// Runs `slow` while a quick client asks again and again; `slow` returns what the server sent until it
    /// closed.
    private func serving(_ slow: @escaping @Sendable (RawClient) async throws -> String) async throws
        -> String
    {
        let (box, give) = AsyncStream.makeStream(of: String.self)
        try await fixture.serving { [fixture] in
            let waiting = Task {
                let client = try RawClient(fixture.socket)
                let text = try await slow(client)
                give.yield(text)
                give.finish()
            }
            let quick = Task {
                var count = 0
                repeat {
                    let answer = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
                    guard answer.hasPrefix("HTTP/1.1 404 ") else { return 0 }
                    count += 1
                } while !Task.isCancelled
                return count
            }
            _ = await waiting.result
            quick.cancel()
            let count = try await quick.value
            #expect(count > 0)
        }
        give.finish()
        for await text in box { return text }
        return "[nothing]"
    }

    /// Sends a byte now and then until the server closes.
    private static func drip(_ client: RawClient) async {
        while await client.sendAll("x") { try? await Task.sleep(for: .milliseconds(20)) }
    }

    @Test func aHeadThatNeverEndsIsCutOff() async throws {
        let text = try await serving { client in
            client.send("GET /nothing HTTP/1.1\r\nX: ")
            await Self.drip(client)
            return await client.everything()
        }
        #expect(text.isEmpty)
    }

    @Test func silentConnectionIsClosed() async throws {
        #expect(try await serving { await $0.everything() }.isEmpty)
    }

    @Test func aBodyThatStallsIsCutOff() async throws {
        let text = try await serving { client in
            client.send("POST /api/v1/auth/send_otp HTTP/1.1\r\nHost: k\r\nContent-Length: 100\r\n\r\nabc")
            return await client.everything()
        }
        #expect(!text.contains("[open]"))
    }

    @Test func aBodyThatDripsIsCutOff() async throws {
        let text = try await serving { client in
            client.send("POST /api/v1/auth/send_otp HTTP/1.1\r\nHost: k\r\nContent-Length: 4000\r\n\r\n")
            await Self.drip(client)
            return await client.everything()
        }
        #expect(!text.contains("[open]"))
    }

    @Test func aKeptConnectionThatIsIdleIsClosed() async throws {
        let text = try await serving { client in
            client.send("GET /nothing HTTP/1.1\r\nHost: k\r\n\r\n")
            return await client.everything()
        }
        #expect(text.hasPrefix("HTTP/1.1 404 ") && !text.contains("[open]"))
    }

    @Test func anAnswerThatIsNotReadIsGivenUp() async throws {
        let text = try await serving { client in
            // More than the socket holds; what is asked for stands in the way until it is read.
            let request = "GET /openapi.json HTTP/1.1\r\nHost: k\r\n\r\n"
            client.send(String(repeating: request, count: 100))
            try await waitUntil("the server gives up") { await !client.sendAll(request) }
            return await client.everything()
        }
        #expect(text.hasPrefix("HTTP/1.1 200 ") && !text.contains("[open]"))
        #expect(text.matches(of: /HTTP\/1.1 200/).count < 100)
    }

    /// The answer ends before the request does.
    @Test func earlyAnsweredConnectionIsIdle() async throws {
        let text = try await serving { client in
            client.send("POST /api/v1/audio/upload HTTP/1.1\r\nHost: k\r\nContent-Length: 10\r\n\r\n")
            let answer = await client.answer(until: "}")
            client.send("0123456789")
            return answer + (await client.everything())
        }
        #expect(text.hasPrefix("HTTP/1.1 422 ") && !text.contains("[open]"))
    }

    @Test func earlyAnsweredUnsentBodyTimesOut() async throws {
        let text = try await serving { client in
            client.send("POST /api/v1/audio/upload HTTP/1.1\r\nHost: k\r\nContent-Length: 4000\r\n\r\n")
            await Self.drip(client)
            return await client.everything()
        }
        #expect(text.hasPrefix("HTTP/1.1 422 ") && !text.contains("[open]"))
    }

    /// Two requests at once, the second of which takes longer than the idle timeout.
    @Test func aLongAnswerAfterAnotherIsNotCutOff() async throws {
        let text = try await serving { [fixture] client in
            client.send(
                "GET /nothing HTTP/1.1\r\nHost: k\r\n\r\nGET /api/v1/events HTTP/1.1\r\nHost: k\r\n\r\n")
            _ = await client.answer(until: "id: 0\n\n\r\n")
            // Longer than an idle connection stays open.
            for _ in 0..<2 { _ = await (try RawClient(fixture.socket)).everything() }
            let identity = FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1)
            let path = try #require(InboxPath("ali/late.pdf"))
            _ = try await fixture.catalog.ingest.reject(
                path, identity: identity, rejection: .empty, message: "")
            return await client.answer(until: "}\n\n\r\n")
        }
        #expect(text.contains("ali/late.pdf"))
    }
}
