import FoundationEssentials
import KotibHTTP
import KotibTestSupport
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(2))) struct TwilioTests {
    private let phone: PhoneNumber
    private let transfers: HTTPClient

    init() throws {
        phone = try #require(PhoneNumber(alice))
        transfers = try HTTPClient(.init(userAgent: "kotib/test"))
    }

    private func sender(_ port: UInt16, service: String = "") -> TwilioSender {
        TwilioSender(
            .init(
                baseURL: "http://127.0.0.1:\(port)", accountSID: "AC1", authToken: "t:k",
                from: "+15005550006", messagingService: service),
            transfers: transfers)
    }

    private func error(_ server: FaultServer) async -> SMSError? {
        do throws(SMSError) {
            try await sender(server.port).send("Kod: 123456", to: phone)
            return nil
        } catch {
            return error
        }
    }

    /// An error as Twilio words it.
    private func body(_ code: Int, _ status: Int, _ message: String) -> String {
        #"{"code":\#(code),"message":"\#(message)","#
            + #""more_info":"https://www.twilio.com/docs/errors/\#(code)","status":\#(status)}"#
    }

    @Test func asksAsTwilioDocuments() async throws {
        let server = try FaultServer(status: "201 Created", body: #"{"sid":"SM1","status":"queued"}"#)
        try await sender(server.port).send("Код & kod=1 +é\n", to: phone)
        let head = try #require(server.heads.first)
        #expect(head.hasPrefix("POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n"))
        #expect(head.contains("Authorization: Basic QUMxOnQ6aw==\r\n"))
        #expect(head.lowercased().contains("content-type: application/x-www-form-urlencoded"))
        #expect(
            server.bodies == [
                "To=%2B998901234567&From=%2B15005550006"
                    + "&Body=%D0%9A%D0%BE%D0%B4%20%26%20kod%3D1%20%2B%C3%A9%0A"
            ])
        try await sender(server.port, service: "MG1").send("x", to: phone)
        #expect(server.bodies.last == "To=%2B998901234567&MessagingServiceSid=MG1&Body=x")
    }

    @Test(arguments: [
        (21211, "The 'To' number +998901234567 is not a valid phone number."),
        (21614, "'To' number is not a valid mobile number"),
        (21610, "Attempt to send to unsubscribed recipient"),
    ])
    func aNumberThatCannotBeReachedIsPermanent(code: Int, message: String) async throws {
        let server = try FaultServer(status: "400 Bad Request", body: body(code, 400, message))
        guard case .permanent(let cause) = await error(server) else {
            Issue.record("not permanent")
            return
        }
        #expect(cause.contains("\(code)") && !cause.contains("998901234567") && !cause.contains("123456"))
    }

    @Test(arguments: [
        (20003, 401), (20003, 403), (20403, 403), (20006, 403), (20404, 404), (21606, 400), (21659, 400),
        (21661, 400), (21705, 400), (21408, 400), (21608, 400), (63038, 429), (10001, 400), (0, 403),
    ])
    func aFaultOfTheSettingsIsOneOfAllMessages(code: Int, status: Int) async throws {
        let server = try FaultServer(status: "\(status) No", body: body(code, status, "Authenticate"))
        guard case .refused(let cause) = await error(server) else {
            Issue.record("not refused")
            return
        }
        #expect(cause.contains("Authenticate") && !cause.contains("t:k"))
    }

    @Test(arguments: ["429 Too Many Requests", "503 Service Unavailable"])
    func aBusyServiceIsTriedAgain(status: String) async throws {
        let body = body(20429, 429, "Too Many Requests")
        let server = try FaultServer { _ in FaultServer.answer(status, headers: "Retry-After: 7\r\n", body) }
        guard case .transient(_, .seconds(7)) = await error(server) else {
            Issue.record("not transient")
            return
        }
    }

    @Test func maintenanceIsTriedAgain() async throws {
        let server = try FaultServer(
            status: "503 Service Unavailable", body: body(20503, 503, "Service unavailable"))
        guard case .transient = await error(server) else {
            Issue.record("not transient")
            return
        }
    }

    /// A 503 of a machine on the way says nothing of what Twilio did.
    @Test(arguments: [
        "500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout",
    ])
    func aServiceThatFailsInTheMidstMayHaveSent(status: String) async throws {
        let server = try FaultServer(status: status, body: "<html>")
        guard case .unknownOutcome = await error(server) else {
            Issue.record("not unknown")
            return
        }
    }

    @Test func nobodyThereIsTriedAgain() async throws {
        let port = try Loopback.freePort()
        await #expect {
            try await sender(port).send("x", to: phone)
        } throws: { error in
            if case SMSError.transient = error { true } else { false }
        }
    }

    /// Threat 57: taken, but the answer is lost.
    @Test func aMessageWhoseAnswerIsLostIsNotSentAgain() async throws {
        let server = try FaultServer { _ in "" }
        let (logger, log) = recordingLogger()
        let clock = ManualClock()
        let dispatcher = SMSDispatcher(
            sender(server.port), clock: clock, now: { clock.date }, logger: logger)
        let running = Task { await dispatcher.run() }
        defer { running.cancel() }
        #expect(dispatcher.enqueue(.init(phone: phone, text: "x", expires: clock.date + 300)))
        try await waitUntil("it is given up") {
            log.all.contains { $0.contains("code sent with unknown outcome") }
        }
        clock.advance(by: .seconds(290))
        #expect(clock.deadlines.isEmpty && server.heads.count == 1)
    }

    @Test func aMessageThatWasNotTakenIsSentAgain() async throws {
        let busy = FaultServer.answer("429 Too Many Requests", body(20429, 429, "Too Many Requests"))
        let server = try FaultServer { $0 < 2 ? busy : FaultServer.answer("201 Created", "{}") }
        let (logger, log) = recordingLogger()
        let clock = ManualClock()
        let dispatcher = SMSDispatcher(
            sender(server.port), clock: clock, now: { clock.date }, logger: logger)
        let running = Task { await dispatcher.run() }
        defer { running.cancel() }
        #expect(dispatcher.enqueue(.init(phone: phone, text: "x", expires: clock.date + 300)))
        for pause in [2, 4] {
            try await waitUntil("it pauses") { !clock.deadlines.isEmpty }
            clock.advance(by: .seconds(pause))
        }
        try await waitUntil("it is sent") { log.all.contains { $0.contains("code sent") } }
        #expect(server.heads.count == 3)
    }
}
