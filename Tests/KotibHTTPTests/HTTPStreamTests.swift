import Foundation
import Glibc
import KotibHTTP
import KotibPOSIX
import KotibTestSupport
import Synchronization
import Testing

@Suite("HTTP answers that are read while they come")
struct HTTPStreamTests {
    private let head = Array("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n".utf8)

    @Test func requestsOfEveryMethodGoOverAUnixSocket() async throws {
        let folder = try TemporaryFolder()
        let server = try FaultServer(unixSocket: folder.path("s")) { request in
            [.send(Answer.whole(200, request.path)), .keepOpen]
        }
        let transfers = try transfers()
        let body = HTTPRequest.Body.bytes(Array("a".utf8), contentType: "text/plain")
        let cases: [(HTTPMethod, HTTPRequest.Body)] = [
            (.get, .none), (.post, .none), (.post, body), (.put, body), (.patch, body), (.delete, .none),
        ]
        for (method, body) in cases {
            let request = HTTPRequest(
                method, url: "http://localhost/\(method)?a=b", unixSocket: folder.path("s"), body: body)
            #expect(try await transfers.perform(request).body == Array("/\(method)?a=b".utf8))
        }
        #expect(server.received.map(\.method) == ["GET", "POST", "POST", "PUT", "PATCH", "DELETE"])
        #expect(server.received.map(\.bodySize) == [0, 0, 1, 1, 1, 0])
        #expect(server.accepted == 1)
    }

    @Test func nobodyAtAUnixSocketIsUnreachable() async throws {
        let folder = try TemporaryFolder()
        try folder.write("", to: "file")
        let long = folder.path(String(repeating: "x", count: 200))
        let transfers = try transfers()
        for path in [folder.path("nothing"), folder.path("file"), long] {
            let error = await transfers.failure(HTTPRequest(url: "http://localhost/", unixSocket: path))
            guard case .unreachable = error else {
                Issue.record("\(path) gave \(String(describing: error))")
                continue
            }
        }
    }

    @Test func receivedBytesAreReadBeforeTheError() async throws {
        let server = try FaultServer { [head] _ in [.send(head + Array("first".utf8)), .hang] }
        let transfers = try transfers()
        let first = try await transfers.stream(HTTPRequest(url: server.url)) { answer in
            #expect(answer.head.status == 200 && answer.head.mediaType == "text/plain")
            return try await answer.next()
        }
        #expect(first == Array("first".utf8))
        try await waitUntil("the connection is closed") { server.open == 0 }
    }

    @Test func anErrorOfTheReaderEndsTheTransfer() async throws {
        struct Mine: Error {}
        let server = try FaultServer { [head] _ in [.send(head), .hang] }
        let transfers = try transfers()
        await #expect(throws: Mine.self) {
            try await transfers.stream(HTTPRequest(url: server.url)) { _ in throw Mine() }
        }
        try await waitUntil("the connection is closed") { server.open == 0 }
    }

    @Test func aCancelledReaderEndsTheTransfer() async throws {
        let server = try FaultServer { [head] _ in [.send(head), .hang] }
        let transfers = try transfers()
        let isReading = Mutex(false)
        let task = Task {
            try await transfers.stream(HTTPRequest(url: server.url)) { answer in
                isReading.withLock { $0 = true }
                return try await answer.next()
            }
        }
        try await waitUntil("the headers have come") { isReading.withLock(\.self) }
        task.cancel()
        await #expect(throws: HTTPError.cancelled) { try await task.value }
        try await waitUntil("the connection is closed") { server.open == 0 }
    }

    @Test func theTimeToTheHeadersIsBoundedAlone() async throws {
        let body = [UInt8](repeating: 0x78, count: 10)
        let server = try FaultServer { [head] request in
            request.path == "/hang" ? [.hang] : [.send(head), .drip(body, milliseconds: 100)]
        }
        let transfers = try transfers()
        let limits = HTTPLimits(head: .milliseconds(500), stall: nil, total: nil)
        let error = await transfers.failure(HTTPRequest(url: server.url + "/hang", limits: limits))
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try await transfers.perform(HTTPRequest(url: server.url, limits: limits)).body == body)
    }

    @Test func aHeadThatBreaksOffIsNoAnswer() async throws {
        let server = try FaultServer { _ in [.send(Array("HTTP/1.1 200 OK\r\nContent-Le".utf8))] }
        let transfers = try transfers()
        let error = await transfers.failure(HTTPRequest(url: server.url))
        guard case .broken = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func interimAnswersAreNotTheAnswer() async throws {
        let interim = Array("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n".utf8)
        let server = try FaultServer { _ in [.send(interim + Answer.whole(201, "late"))] }
        let response = try await transfers().perform(HTTPRequest(url: server.url))
        #expect(response.status == 201 && response.body == Array("late".utf8))
        #expect(response.header("X-Early") == nil)
    }

    @Test func aReaderThatDoesNotReadHoldsUpTheServer() async throws {
        let folder = try TemporaryFolder()
        let size = 32 << 20
        let sender = try StallingSender(folder.path("s"), size: size)
        let transfers = try transfers()
        let limits = HTTPLimits(stall: nil, total: nil)
        let request = HTTPRequest(url: "http://localhost/", unixSocket: folder.path("s"), limits: limits)
        let received = try await transfers.stream(request) { answer in
            try await waitUntil("the server is held up") { sender.sentBeforeStall != nil }
            var received = 0
            while let bytes = try await answer.next() {
                #expect(bytes.allSatisfy { $0 == 0x78 })
                received += bytes.count
            }
            return received
        }
        #expect(received == size)
        let sent = try #require(sender.sentBeforeStall)
        #expect(sent < 4 << 20, "\(sent) bytes were taken that nobody had read")
    }
}

/// Answers one request over a Unix socket as fast as it is read, and says how much went out before that
/// stopped.
private final class StallingSender: Sendable {
    private let socket: ListeningSocket
    private let stalled = Mutex<Int?>(nil)

    var sentBeforeStall: Int? { stalled.withLock(\.self) }

    init(_ path: String, size: Int) throws {
        socket = try ListeningSocket(path: path, mode: 0o600, group: nil)
        Thread { [self] in
            let connection = OpenFile(owning: accept(socket.descriptor, nil, nil))
            var request = [UInt8](repeating: 0, count: 4096)
            recv(connection.descriptor, &request, request.count, 0)
            let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n".utf8)
            send(connection.descriptor, head, head.count, Int32(MSG_NOSIGNAL))
            let piece = [UInt8](repeating: 0x78, count: 64 << 10)
            var sent = 0
            while sent < size {
                var entry = pollfd(fd: connection.descriptor, events: Int16(POLLOUT), revents: 0)
                // A second in which nothing is taken, or all has gone.
                if sentBeforeStall == nil, poll(&entry, 1, 1000) == 0 { stalled.withLock { $0 = sent } }
                let count = send(
                    connection.descriptor, piece, min(piece.count, size - sent), Int32(MSG_NOSIGNAL))
                guard count > 0 else { return }
                sent += count
            }
            stalled.withLock { $0 = $0 ?? sent }
        }.start()
    }
}
