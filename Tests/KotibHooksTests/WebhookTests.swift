import FoundationEssentials
import KotibCatalog
import KotibHTTP
import KotibTestSupport
import Testing

@testable import KotibHooks

@Suite(.timeLimit(.minutes(1))) struct WebhookTests {
    private typealias Answer = FaultServer.Answer
    /// Published with the specification's libraries.
    private static let published = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private let transfers: HTTPClient
    private let secret: WebhookSecret

    init() throws {
        transfers = try HTTPClient(.init(userAgent: "kotib/test"))
        secret = try #require(WebhookSecret(Self.published))
    }

    private func outcome(_ url: String, limit: Duration = .seconds(10)) async throws -> HookOutcome {
        await Webhook(url, secret: secret, limit: limit, transfers: transfers, now: { noon })
            .deliver(try HookMessage(event(), withText: true))
    }

    private func outcome(
        status: Int, headers: [String] = []
    ) async throws -> HookOutcome {
        let server = try FaultServer { (_: FaultServer.Received) in
            [.send(Answer.whole(status, "{}", headers: headers))]
        }
        return try await outcome(server.url)
    }

    private func isLater(_ outcome: HookOutcome) -> Bool {
        if case .later = outcome { true } else { false }
    }

    @Test func theSignatureIsThePublishedOne() {
        #expect(
            secret.signature(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
                body: Array(#"{"test": 2432232314}"#.utf8))
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test(arguments: [
        "", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_not base64 not base64!!!",
        "whsec_" + Data(repeating: 1, count: 65).base64EncodedString(),
    ])
    func invalidSecretIsRefused(_ text: String) {
        #expect(WebhookSecret(text) == nil)
    }

    @Test func aSignedRequestIsSent() async throws {
        let server = try FaultServer { (_: FaultServer.Received) in [.send(Answer.whole(204, ""))] }
        #expect(try await outcome(server.url + "/hook?a=b") == .delivered)
        let request = try #require(server.received.first)
        #expect(request.method == "POST" && request.path == "/hook?a=b")
        #expect(request.header("content-type") == "application/json")
        #expect(request.header("webhook-id") == "0123456789abcdef0123456789abcdef")
        #expect(request.header("webhook-timestamp") == "1800000000")
        #expect(
            request.header("webhook-signature")
                == secret.signature(
                    id: "0123456789abcdef0123456789abcdef", timestamp: 1_800_000_000, body: request.body))
        #expect(request.body == (try HookMessage(event(), withText: true).json))
    }

    @Test(arguments: [400, 401, 404, 410, 413, 422])
    func configurationErrorIsNotRetried(status: Int) async throws {
        #expect(try await outcome(status: status) == .failed("the server answered with status \(status)"))
    }

    @Test(arguments: [408, 425, 429, 500, 502, 503, 504])
    func transientErrorsAreRetried(status: Int) async throws {
        #expect(
            try await outcome(status: status)
                == .later("the server answered with status \(status)", retryAfter: nil))
    }

    @Test func retryAfterIsHonouredWithinBounds() async throws {
        for (value, expected) in [("7", 7), ("999999999", 3600)] {
            let outcome = try await outcome(status: 429, headers: ["Retry-After: \(value)"])
            #expect(
                outcome
                    == .later("the server answered with status 429", retryAfter: .seconds(expected)))
        }
        let ignored = try await outcome(status: 500, headers: ["Retry-After: 7"])
        #expect(ignored == .later("the server answered with status 500", retryAfter: nil))
    }

    @Test func aRedirectLeadsNowhere() async throws {
        let target = try FaultServer { (_: FaultServer.Received) in [.send(Answer.whole(200, ""))] }
        #expect(isLater(try await outcome(status: 307, headers: ["Location: \(target.url)/x"])))
        #expect(target.received.isEmpty)
    }

    @Test func serversThatAreNoneAreAskedAgain() async throws {
        let truncated = try FaultServer { (_: FaultServer.Received) in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".utf8))]
        }
        #expect(isLater(try await outcome(truncated.url)))
        let rubbish = try FaultServer { (_: FaultServer.Received) in [.send(Array("220 smtp\r\n".utf8))] }
        #expect(isLater(try await outcome(rubbish.url)))
        #expect(isLater(try await outcome("http://127.0.0.1:\(Loopback.freePort())")))
    }

    @Test func oneThatHangsCostsItsTime() async throws {
        let server = try FaultServer { (_: FaultServer.Received) in [.hang] }
        #expect(isLater(try await outcome(server.url, limit: .milliseconds(300))))
    }

    @Test func aCancelledDeliveryEndsAtOnce() async throws {
        let server = try FaultServer { (_: FaultServer.Received) in [.hang] }
        let hook = Webhook(server.url, secret: secret, limit: .seconds(600), transfers: transfers)
        let message = try HookMessage(event(), withText: true)
        let task = Task { await hook.deliver(message) }
        try await waitUntil("it is asked") { !server.received.isEmpty }
        task.cancel()
        #expect(await task.value == .stopped)
    }

    @Test(
        arguments: [
            ("https://example.org/hook", nil), ("http://127.0.0.1:8080/", nil), ("http://localhost/x", nil),
            ("http://[::1]:80/", nil), ("http://127.9.9.9", nil),
            ("http://example.org/", .unencrypted), ("http://127.0.0.1.example.org/", .unencrypted),
            ("http://localhost.example.org/", .unencrypted), ("http://127.0.0.1:80@example.org/", .malformed),
            ("ftp://example.org/", .malformed), ("https://", .malformed),
            ("https://u:p@example.org/", .malformed),
            ("https://example.org/a b", .malformed), ("", .malformed),
        ] as [(String, WebhookAddress.Fault?)])
    func addressesAreLookedAt(url: String, fault: WebhookAddress.Fault?) {
        #expect(WebhookAddress.fault(of: url, plain: false) == fault)
        #expect(WebhookAddress.fault(of: url, plain: true) == (fault == .malformed ? .malformed : nil))
    }
}
