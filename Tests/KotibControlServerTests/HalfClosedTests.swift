import KotibTestSupport
import Testing

@testable import KotibControlServer

@Suite(.timeLimit(.minutes(2))) struct HalfClosedTests {
    /// A client that has sent everything may close its half of the connection: `nc -N`, and clients of
    /// HTTP/1.0.
    @Test(arguments: [
        ("GET /nothing HTTP/1.1\r\nHost: k\r\n\r\n", "404"), ("GET /nothing HTTP/1.0\r\n\r\n", "404"),
        ("GET /api/v1/audio/list HTTP/1.1\r\nHost: k\r\n\r\n", "200"),
        ("POST /api/v1/auth/send_otp HTTP/1.1\r\nHost: k\r\nContent-Length: 2\r\n\r\n{}", "422"),
        ("POST /api/v1/auth/send_otp HTTP/1.1\r\nHost: k\r\nContent-Length: 20\r\n\r\n{}", "400"),
    ])
    func halfClosedClientGetsTheResponse(request: String, status: String) async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            for _ in 0..<5 {
                let client = try RawClient(fixture.socket)
                client.send(request)
                client.endSending()
                let answer = await client.everything()
                let statuses = answer.matches(of: /HTTP\/1.[01] ([0-9]+)/).map { String($0.output.1) }
                #expect(statuses == [status] && !answer.contains("[open]"), "\(answer)")
            }
        }
    }

    /// A follower of events that disconnects leaves no connection behind.
    @Test func halfClosedThenClosedConnectionIsReleased() async throws {
        let fixture = try await SocketFixture(connections: 1)
        try await fixture.serving {
            for _ in 0..<ConnectionLimit.reserve * 2 {
                try await waitUntil("it follows") {
                    let client = try RawClient(fixture.socket)
                    client.send("GET /api/v1/events HTTP/1.1\r\nHost: k\r\n\r\n")
                    client.endSending()
                    return await client.answer(until: "\n\n\r\n").contains("200 OK")
                }
            }
        }
    }
}
