import Foundation
import Glibc
import KotibControlProtocol
import KotibPOSIX
import KotibTestSupport
import KotibText
import Synchronization
import Testing

@testable import KotibControlServer

@Suite(.timeLimit(.minutes(2))) struct TransportTests {
    @Test func everyErrorIsAnObjectInTheLanguageThatIsAskedFor() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let uzbek = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
            #expect(uzbek.hasPrefix("HTTP/1.1 404 ") && uzbek.contains("\"code\":\"not_found\""), "\(uzbek)")
            #expect(uzbek.contains("Bunday manzil yo'q"))
            let russian = try await RawClient.ask(
                fixture.socket, "GET /nothing HTTP/1.1", "Accept-Language: en;q=0.1, ru-RU;q=0.7")
            #expect(russian.contains("Такого адреса нет"), "\(russian)")
        }
    }

    @Test func aTokenThatIsNoneIsRefusedEvenFromTheOperator() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            for header in ["Bearer x.y.z", "Basic cm9vdDo=", "Bearer", "Bearer a b", ""] {
                let answer = try await RawClient.ask(
                    fixture.socket, "GET /nothing HTTP/1.1", "Authorization: \(header)")
                #expect(answer.hasPrefix("HTTP/1.1 401 "), "\(header): \(answer)")
                #expect(answer.lowercased().contains("www-authenticate: bearer"))
            }
        }
    }

    /// A client that always sends its token logs in again once the secret is another.
    @Test func aTokenThatIsNoneKeepsNobodyFromLoggingIn() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            for header in ["Bearer x.y.z", "Basic cm9vdDo=", "Bearer", "Bearer a b", ""] {
                for path in ["send_otp", "verify_otp"] {
                    let answer = try await RawClient.ask(
                        fixture.socket, "POST /api/v1/auth/\(path) HTTP/1.1", "Authorization: \(header)",
                        "Content-Length: 0")
                    #expect(answer.hasPrefix("HTTP/1.1 422 "), "\(path) \(header): \(answer)")
                }
            }
        }
    }

    /// Threat 62: what two servers could read differently is not read at all.
    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: k\r\n broken\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: k\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET / HTTP/1.1\r\nHost: k\r\nA\u{1}: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: k\r\nX: \(String(repeating: "a", count: 20_000))\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ])
    func ambiguousRequestsAreNotRead(request: String) async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let client = try RawClient(fixture.socket)
            client.send(request)
            let answer = await client.everything()
            let status = request.count > 10_000 ? 431 : 400
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.lowercased().contains("connection: close\r\n"), "\(answer)")
            let body = try #require(answer.split(separator: "\r\n\r\n").last)
            let error = try JSONDecoder().decode(ErrorBody.self, from: Data(body.utf8))
            #expect(error.code == (status == 431 ? "too_large" : "invalid") && !error.detail.isEmpty)
            let next = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
            #expect(next.hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test func theLongestTargetIsRead() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            for (length, status) in [
                (RequestLimits.longestTarget, 404), (RequestLimits.longestTarget + 1, 431),
            ] {
                let target = "/" + String(repeating: "a", count: length - 1)
                let answer = try await RawClient.ask(fixture.socket, "GET \(target) HTTP/1.1")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(length): \(answer.prefix(100))")
            }
        }
    }

    /// Requests that came before are answered first.
    @Test func aBrokenRequestAfterAGoodOneIsAnsweredAfterIt() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let client = try RawClient(fixture.socket)
            client.send("GET /nothing HTTP/1.1\r\nHost: k\r\n\r\nRUBBISH\r\n\r\n")
            let answer = await client.everything()
            #expect(answer.matches(of: /HTTP\/1.1 ([0-9]+)/).map(\.output.1) == ["404", "400"], "\(answer)")
        }
    }

    /// The client's fault, and no line of the log above debug.
    @Test func aBodyThatCannotBeReadIsTheClientsFault() async throws {
        let fixture = try await SocketFixture()
        let (logger, log) = recordingLogger()
        try await fixture.serving(logger) {
            let client = try RawClient(fixture.socket)
            client.send(
                "POST /api/v1/auth/send_otp HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            let answer = await client.everything()
            #expect(answer.hasPrefix("HTTP/1.1 400 ") && answer.contains("\"code\":\"invalid\""), "\(answer)")
            #expect(answer.matches(of: /HTTP\/1.1/).count == 1, "\(answer)")
            for path in ["audio/upload?user=ali", "auth/send_otp"] {
                let gone = try RawClient(fixture.socket)
                gone.send(
                    "POST /api/v1/\(path) HTTP/1.1\r\nHost: k\r\nContent-Length: 9\r\n"
                        + "Content-Type: multipart/form-data; boundary=x\r\n\r\nab")
            }
            try await waitUntil("both are given up") {
                log.all.count { $0.contains("debug request ") && $0.contains("route=/api/v1/a") } >= 2
            }
        }
        #expect(!log.all.contains { $0.hasPrefix("error ") || $0.hasPrefix("warning ") }, "\(log.all)")
    }

    /// Threat 62: the answer is there before the body, which is neither kept nor taken for a request.
    @Test(arguments: [false, true])
    func aRefusedUploadGetsItsAnswerHoweverMuchFollows(closing: Bool) async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let client = try RawClient(fixture.socket)
            let smuggled = String(repeating: "GET /smuggled HTTP/1.1\r\nHost: k\r\n\r\n", count: 150_000)
            // The operator must say whose it is.
            let head =
                "POST /api/v1/audio/upload HTTP/1.1\r\nHost: k\r\nContent-Length: \(smuggled.utf8.count)\r\n"
                + (closing ? "Connection: close\r\n\r\n" : "\r\n")
            #expect(await client.sendAll(head + smuggled), "the server does not want it, but takes it")
            if !closing {
                await client.sendAll("GET /nothing HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n")
            }
            let answer = await client.everything()
            let statuses = answer.matches(of: /HTTP\/1.1 ([0-9]+)/).map(\.output.1)
            #expect(statuses == (closing ? ["422"] : ["422", "404"]), "\(answer)")
        }
    }

    @Test func aBodyOverTheLimitGetsItsAnswer() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let client = try RawClient(fixture.socket)
            let body = String(repeating: "x", count: 3_000_000)
            await client.sendAll(
                "POST /api/v1/auth/send_otp HTTP/1.1\r\nHost: k\r\nConnection: close\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
            let answer = await client.everything()
            #expect(answer.hasPrefix("HTTP/1.1 413 ") && answer.contains("too_large"), "\(answer)")
        }
    }

    /// A body in the answer to HEAD would be read as the next answer.
    @Test(arguments: ["/openapi.json", "/nothing", "/api/v1/status", "/api/v1/events", "/api/v1/audio/list"])
    func headGetsNoBody(_ path: String) async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let client = try RawClient(fixture.socket)
            client.send(
                "HEAD \(path) HTTP/1.1\r\nHost: k\r\n\r\n"
                    + "GET /nothing HTTP/1.1\r\nHost: k\r\nConnection: close\r\n\r\n")
            let answer = await client.everything()
            let parts = answer.split(separator: "\r\n\r\n")
            #expect(parts.count == 3 && parts[1].hasPrefix("HTTP/1.1 404 "), "\(answer)")
            let length = parts[0].firstMatch(of: /Content-Length: ([0-9]+)/).flatMap { Int($0.output.1) }
            #expect(try #require(length) > 0, "\(answer)")
        }
    }

    /// RFC 9110, 10.1.1: asked for where it is wanted, spared where it is not.
    @Test func expectContinueIsAnswered() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            let body = #"{"phone_number": "five"}"#
            let head = "HTTP/1.1\r\nHost: k\r\nExpect: 100-continue\r\nContent-Length: \(body.utf8.count)\r\n"
            let client = try RawClient(fixture.socket)
            client.send("POST /api/v1/auth/send_otp \(head)Connection: close\r\n\r\n")
            #expect(await client.answer(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send(body)
            #expect(await client.everything().hasPrefix("HTTP/1.1 422 "))

            let other = try RawClient(fixture.socket)
            other.send("POST /api/v1/audio/upload \(head)\r\n")
            #expect(await other.answer(until: "}").hasPrefix("HTTP/1.1 422 "))
        }
    }

    @Test func connectionsBeyondTheLimitAreTurnedAwayAndMakeRoomAgain() async throws {
        let fixture = try await SocketFixture(connections: 3)
        try await fixture.serving {
            // The tests' own user is the operator, who has some more.
            var held: [RawClient] = []
            for _ in 0..<3 + ConnectionLimit.reserve {
                let client = try RawClient(fixture.socket)
                client.send("GET /nothing HTTP/1.1\r\nHost: kotib\r\n\r\n")
                #expect(await client.piece().hasPrefix("HTTP/1.1 404 "))
                held.append(client)
            }
            try await waitUntil("the next is turned away") {
                let answer = try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1")
                return answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("\"code\":\"unavailable\"")
            }
            held.removeAll()
            try await waitUntil("there is room again") {
                try await RawClient.ask(fixture.socket, "GET /nothing HTTP/1.1").hasPrefix("HTTP/1.1 404 ")
            }
        }
    }

    /// Connections that nobody serves yet when the server stops are closed; they do not end the process.
    @Test func connectionsThatWaitAtTheEndAreClosed() async throws {
        for _ in 0..<5 {
            let fixture = try await SocketFixture()
            let clients = Mutex<[RawClient]>([])
            try await fixture.serving {
                for _ in 0..<30 {
                    let client = try RawClient(fixture.socket)
                    clients.withLock { $0.append(client) }
                }
            }
            for client in clients.withLock({ $0 }) { #expect(await client.everything().isEmpty) }
        }
    }

    @Test func theSocketGoesWithTheServer() async throws {
        let fixture = try await SocketFixture()
        try await fixture.serving {
            #expect(access(fixture.socket, F_OK) == 0)
        }
        #expect(access(fixture.socket, F_OK) != 0)
    }
}

@Suite struct AdmissionTests {
    @Test func oneUserGetsHalfOfAll() {
        let admission = ConnectionLimit(limit: 4)
        #expect(admission.enter(1000, .other))
        #expect(admission.enter(1000, .other))
        #expect(!admission.enter(1000, .other))
        #expect(admission.enter(1001, .other))
        #expect(admission.enter(33, .proxy))
        #expect(!admission.enter(33, .proxy), "four are all there are")
        admission.leave(1000)
        #expect(admission.enter(1000, .other))
        #expect(admission.count == 4)
    }

    @Test func theOperatorGetsInWhenAllOthersAreTooMany() {
        let admission = ConnectionLimit(limit: 4)
        for _ in 0..<4 { #expect(admission.enter(33, .proxy)) }
        for _ in 0..<ConnectionLimit.reserve { #expect(admission.enter(0, .localOperator)) }
        #expect(!admission.enter(0, .localOperator))
    }
}

@Suite struct TrustedProxiesTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::1", "0:0:0:0::/64"), ("", nil), ("::::", nil), ("１.2.3.4", nil), ("192.0.2.1 ", nil),
        ("localhost", nil),
    ])
    func aSubscriberIsOnePeer(address: String, name: String?) {
        #expect(TrustedProxies.network(address) == name)
    }
}

@Suite struct RequestLanguageTests {
    @Test(arguments: [
        (nil, "uz"), ("", "uz"), ("fr, de", "uz"), ("en", "en"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("fr;q=1, en;q=0.2", "en"), ("en;q=0", "uz"), ("EN-us", "en"), ("en;q=x, ru;q=0.5", "en"),
        (";;;,,,", "uz"),
    ])
    func theBestOfThreeIsFound(header: String?, code: String) {
        #expect(RequestLanguage.best(of: header).rawValue == code)
    }
}
