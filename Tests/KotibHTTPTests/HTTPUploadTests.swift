import Foundation
import Glibc
import KotibHTTP
import KotibPOSIX
import KotibTestSupport
import Synchronization
import Testing

@Suite("HTTP uploads")
struct HTTPUploadTests {
    private func upload(
        _ url: String, _ file: OpenFile, size: Int64, limits: HTTPLimits = HTTPLimits(total: .seconds(10))
    ) -> HTTPRequest {
        let content = HTTPPart.Content.file(file, size: size, fileName: "audio.wav", contentType: "audio/wav")
        let parts = [
            HTTPPart(name: "model", content: .text("whisper-1")), HTTPPart(name: "file", content: content),
        ]
        return HTTPRequest(url: url, body: .multipart(parts), limits: limits)
    }

    @Test func partsComeAsAFormWithTheFilesBytes() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, "{}"))] }
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let file = try temporaryFile(bytes)
        // The file's own offset is neither used nor changed.
        lseek(file.descriptor, 100, SEEK_SET)
        _ = try await transfers().perform(upload(server.url, file, size: 5000))
        #expect(lseek(file.descriptor, 0, SEEK_CUR) == 100)
        let received = try #require(server.received.first)
        let parts = try received.form()
        #expect(
            parts.map(\.head) == [
                "Content-Disposition: form-data; name=\"model\"",
                "Content-Disposition: form-data; name=\"file\"; filename=\"audio.wav\"\r\nContent-Type: audio/wav",
            ])
        #expect(parts.map(\.body) == [Array("whisper-1".utf8), bytes])
        #expect(received.header("content-length") == String(received.bodySize))
    }

    @Test func onlyTheGivenSizeIsSentOfAFileThatGrew() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, "{}"))] }
        let file = try temporaryFile(Array("0123456789".utf8))
        _ = try await transfers().perform(upload(server.url, file, size: 4))
        let parts = try #require(server.received.first).form()
        #expect(parts.last?.body == Array("0123".utf8))
    }

    @Test func aFileThatShrankEndsTheTransfer() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, "{}"))] }
        let file = try temporaryFile(Array("0123".utf8))
        let error = try await transfers().failure(upload(server.url, file, size: 10))
        guard case .unreadableFile = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.received.isEmpty)
    }

    @Test func aFolderInPlaceOfAFileEndsTheTransfer() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, "{}"))] }
        let folder = OpenFile(owning: open("/proc/self", O_RDONLY | O_CLOEXEC))
        let error = try await transfers().failure(upload(server.url, folder, size: 10))
        guard case .unreadableFile(let why) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(why.contains("Is a directory"))
    }

    @Test func aHundredMegabytesPassThroughWithoutStayingInMemory() async throws {
        let server = try FaultServer { _ in [.send(Answer.whole(200, "{}"))] }
        let size: Int64 = 100_000_000
        let file = try temporaryFile(size: size)
        let transfers = try transfers()
        let before = try anonymousMemory()
        let highest = Mutex(Int64(0))
        let progress = Mutex<[Int64]>([])
        _ = try await transfers.perform(upload(server.url, file, size: size)) { sent, total in
            progress.withLock { $0 += [sent, total] }
            let now = (try? anonymousMemory()) ?? .max
            highest.withLock { $0 = max($0, now) }
        }
        #expect(server.received.first.map { $0.bodySize > Int(size) } == true)
        let grown = highest.withLock { $0 } - before
        // Tests that run in parallel allocate, too.
        #expect(grown < 50_000_000, "memory grew by \(grown) bytes")
        let told = progress.withLock { $0 }
        let sent = stride(from: 0, to: told.count, by: 2).map { told[$0] }
        #expect(sent == sent.sorted() && sent.count > 10)
        #expect(sent.last == told.last, "the last report is of all bytes")
    }

    @Test func anUploadIsSentAgainWhereAKeptConnectionHadDied() async throws {
        // The first response announces keep-alive; the connection is closed when the next request is sent
        // over it.
        let server = try FaultServer { request in
            let isSecond = request.connection == 0 && request.path == "/second"
            return isSecond ? [] : [.send(Answer.whole(200, request.path)), .keepOpen]
        }
        let transfers = try transfers()
        let bytes = Array("some audio".utf8)
        let file = try temporaryFile(bytes)
        for path in ["/first", "/second"] {
            let response = try await transfers.perform(
                upload(server.url + path, file, size: Int64(bytes.count)))
            #expect(response.body == Array(path.utf8))
        }
        #expect(server.received.map(\.connection) == [0, 0, 1])
        let last = try #require(server.received.last).form()
        #expect(last.last?.body == bytes)
    }

    @Test func unrepeatableRequestIsSentOnce() async throws {
        let server = try FaultServer { request in
            request.path == "/second" ? [] : [.send(Answer.whole(200, "")), .keepOpen]
        }
        let transfers = try transfers()
        _ = try await transfers.perform(HTTPRequest(url: server.url + "/first"))
        let error = await transfers.failure(
            HTTPRequest(
                url: server.url + "/second", body: .bytes([], contentType: "text/plain"), isRepeatable: false)
        )
        guard case .broken = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.received.map(\.path) == ["/first", "/second"])
    }

    @Test(.timeLimit(.minutes(2))) func aServerThatReadsNothingIsGivenUp() async throws {
        // The server reads nothing, so that the buffers fill.
        let (server, port) = try Loopback.listen()
        defer { withExtendedLifetime(server) {} }
        let file = try temporaryFile(size: 50_000_000)
        let limits = HTTPLimits(stall: .seconds(1), total: .seconds(3600))
        let error = try await transfers().failure(
            upload("http://127.0.0.1:\(port)", file, size: 50_000_000, limits: limits))
        guard case .timedOut = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func noDescriptorStaysBehind() async throws {
        let server = try FaultServer { request in
            request.path == "/cut" ? [] : [.send(Answer.whole(200, "{}"))]
        }
        let name = "kotib-leak-\(UUID().uuidString)"
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        defer { unlink(path) }
        let transfers = try transfers()
        for count in 0..<30 {
            let file = OpenFile(owning: open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
            ftruncate(file.descriptor, 1000)
            let task = Task {
                await transfers.failure(
                    upload(server.url + (count % 3 == 0 ? "/cut" : "/"), file, size: 1000))
            }
            if count % 3 == 1 { task.cancel() }
            _ = await task.value
        }
        try await waitUntil("all files are closed") { try descriptors { $0.hasSuffix(name) } == 0 }
        try await waitUntil("the server's side is closed too") { server.open == 0 }
    }
}

/// Bytes of this process that no file backs (RssAnon, proc(5)).
func anonymousMemory() throws -> Int64 {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") })
    return try #require(Int64(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
}

/// The number of this process's descriptors that lead to such a path.
func descriptors(_ matches: (String) -> Bool) throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
        return target.map(matches) ?? false
    }
}
