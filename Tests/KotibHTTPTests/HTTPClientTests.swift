import Foundation
import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

@testable import KotibHTTP

@Suite("HTTP transfers")
struct HTTPClientTests {
    @Test func answersComeWithStatusHeadersAndBody() async throws {
        let server = try FaultServer { _ in
            [
                .send(
                    Answer.whole(
                        418, "short", type: "Text/Plain; charset=utf-8", headers: ["X-A: 1", "X-A: 2"]))
            ]
        }
        let response = try await transfers().perform(HTTPRequest(url: server.url + "/a?b=c"))
        #expect(response.status == 418)
        #expect(response.body == Array("short".utf8))
        #expect(response.mediaType == "text/plain")
        #expect(response.headers.filter { $0.name == "X-A" }.map(\.value) == ["1", "2"])
        #expect(response.isDelimited)
        let request = try #require(server.received.first)
        #expect(request.method == "GET")
        #expect(request.path == "/a?b=c")
        #expect(request.header("user-agent") == "kotib/test")
    }

    @Test func bytesArePostedWithTheirTypeAndHeaders() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(201, "{}"))] }
        let request = HTTPRequest(
            url: server.url, headers: [("Authorization", "Basic YTpi"), ("X-Empty", "")],
            body: .bytes(Array("To=%2B99890".utf8), contentType: "application/x-www-form-urlencoded"))
        #expect(try await transfers().perform(request).status == 201)
        let received = try #require(server.received.first)
        #expect(received.method == "POST")
        #expect(received.body == Array("To=%2B99890".utf8))
        #expect(received.header("content-type") == "application/x-www-form-urlencoded")
        #expect(received.header("authorization") == "Basic YTpi")
        #expect(received.header("x-empty") == "")
    }

    @Test func headersOfMoreThanOneLineAreRefused() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, ""))] }
        let transfers = try transfers()
        for header in [("X", "a\r\nY: b"), ("X\nY", "a"), ("", "a"), ("X: Y", "a"), ("X", "a\u{0}")] {
            let error = await transfers.failure(HTTPRequest(url: server.url, headers: [header]))
            guard case .invalid = error else {
                Issue.record("\(header) gave \(String(describing: error))")
                continue
            }
        }
        #expect(server.accepted == 0)
    }

    @Test(arguments: ["ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://127.0.0.1", "", "http://"])
    func otherProtocolsAreRefused(url: String) async throws {
        let transfers = try transfers()
        let error = await transfers.failure(HTTPRequest(url: url))
        guard case .invalid = error else {
            Issue.record("\(url) gave \(String(describing: error))")
            return
        }
    }

    @Test func redirectsAreNotFollowed() async throws {
        let canary = try FaultServer { _ in [.send(Answer.whole(200, ""))] }
        let location = "Location: \(canary.url)/steal"
        let server = try FaultServer { _ in [.send(Answer.whole(302, "", headers: [location]))] }
        let request = HTTPRequest(url: server.url, headers: [("Authorization", "Bearer secret")])
        #expect(try await transfers().perform(request).status == 302)
        #expect(canary.accepted == 0)
    }

    @Test func nobodyListeningIsUnreachable() async throws {
        let url = "http://127.0.0.1:\(try Loopback.freePort())"
        let transfers = try transfers()
        let error = await transfers.failure(HTTPRequest(url: url))
        guard case .unreachable(let detail) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(detail.contains("127.0.0.1"))
    }

    @Test func answersOverTheLimitAreCutOff() async throws {
        let body = String(repeating: "x", count: 1000)
        let server = try FaultServer { _ in [.send(Answer.whole(200, body))] }
        let endless = try FaultServer { _ in
            [.send(Answer.unbounded("", type: "text/plain")), .flood(Array(body.utf8))]
        }
        let transfers = try transfers()
        let cases = [(server.url, 1000, true), (server.url, 999, false), (endless.url, 100_000, false)]
        for (url, limit, fits) in cases {
            let request = HTTPRequest(url: url, limits: HTTPLimits(answer: limit))
            let error = await transfers.failure(request)
            #expect(error == (fits ? nil : .tooLarge(limit: limit)))
        }
    }

    @Test func endlessHeadersAreCutOff() async throws {
        let line = Array(("X-Filler: " + String(repeating: "x", count: 1000) + "\r\n").utf8)
        let server = try FaultServer { _ in [.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .flood(line)] }
        let transfers = try transfers()
        let error = await transfers.failure(
            HTTPRequest(url: server.url, limits: HTTPLimits(total: .seconds(20))))
        guard case .broken = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Without the stall limit the reply would come after 100 s.
    @Test(.timeLimit(.minutes(2))) func aDrippingServerIsGivenUp() async throws {
        let answer = Answer.whole(200, String(repeating: "x", count: 1000))
        let server = try FaultServer { _ in [.drip(answer, milliseconds: 100)] }
        let limits = HTTPLimits(stall: .seconds(1), total: .seconds(3600))
        let transfers = try transfers()
        let error = await transfers.failure(HTTPRequest(url: server.url, limits: limits))
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(.timeLimit(.minutes(2))) func aHangingServerIsGivenUp() async throws {
        let server = try FaultServer { _ in [.hang] }
        let transfers = try transfers()
        let limits = [
            HTTPLimits(total: .milliseconds(200)), HTTPLimits(stall: .seconds(1), total: .seconds(3600)),
        ]
        for limits in limits {
            let error = await transfers.failure(HTTPRequest(url: server.url, limits: limits))
            guard case .timedOut = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        try await waitUntil("the connections are closed") { server.open == 0 }
    }

    @Test(.timeLimit(.minutes(2))) func aCancelledTaskEndsItsTransfer() async throws {
        let server = try FaultServer { _ in [.hang] }
        let transfers = try transfers()
        let task = Task { () async -> HTTPError? in
            await transfers.failure(
                HTTPRequest(
                    url: server.url, limits: HTTPLimits(stall: .seconds(3600), total: .seconds(3600))))
        }
        try await waitUntil("the request has come") { !server.received.isEmpty }
        task.cancel()
        #expect(await task.value == .cancelled)
        try await waitUntil("the connection is closed") { server.open == 0 }
    }

    @Test func aTaskCancelledBeforehandSendsNothing() async throws {
        let server = try FaultServer { _ in [.hang] }
        let transfers = try transfers()
        let error = await Task { () async -> HTTPError? in
            withUnsafeCurrentTask { $0?.cancel() }
            return await transfers.failure(HTTPRequest(url: server.url))
        }.value
        #expect(error == .cancelled)
        #expect(server.received.isEmpty)
    }

    @Test func shutdownEndsWhatIsUnderWayAndRefusesMore() async throws {
        let server = try FaultServer { _ in [.hang] }
        let transfers = try transfers(threadName: "http-shutdown")
        async let error = transfers.failure(HTTPRequest(url: server.url))
        try await waitUntil("the request has come") { !server.received.isEmpty }
        await transfers.shutdown()
        await transfers.shutdown()
        #expect(await error == .closed)
        let later = await transfers.failure(HTTPRequest(url: server.url))
        #expect(later == .closed)
        try await waitUntil("the thread has ended") { try threads(named: "http-shutdown") == 0 }
    }

    @Test func theThreadEndsWithItsLastOwner() async throws {
        var transfers: HTTPClient? = try transfers(threadName: "http-dropped")
        try await waitUntil("the thread runs") { try threads(named: "http-dropped") == 1 }
        _ = transfers
        transfers = nil
        try await waitUntil("the thread has ended") { try threads(named: "http-dropped") == 0 }
    }

    @Test func twoHundredTransfersShareOneThread() async throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try FaultServer { request in
            gate.wait()
            gate.signal()
            return [.send(Answer.whole(200, "released"))]
        }
        let transfers = try transfers(threadName: "http-many")
        let answered = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    let request = HTTPRequest(url: server.url)
                    return (try? await transfers.perform(request).body) == Array("released".utf8)
                }
            }
            group.addTask {
                defer { gate.signal() }
                try? await waitUntil("all 200 wait") { server.received.count == 200 }
                // A thread that libcurl starts inherits the name.
                return (try? threads(named: "http-many")) == 1
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answered == 201)
    }
}

/// The number of threads of this process with that name.
func threads(named name: String) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count { task in
        let comm = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
        return comm == name + "\n"
    }
}

extension HTTPClient {
    /// The error that the request ends with; nil where there is an answer.
    func failure(_ request: HTTPRequest) async -> HTTPError? {
        do throws(HTTPError) {
            _ = try await perform(request)
            return nil
        } catch {
            return error
        }
    }
}
