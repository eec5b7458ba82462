import HTTPTypes
import KotibControlProtocol
import KotibControlTestSupport
import KotibTestSupport
import Synchronization
import Testing

@testable import KotibControlClient

@Suite struct ControlClientTests {
    @Test func saysWhoAsksAndInWhichLanguage() async throws {
        try await ScriptedDaemon.run { _ in
            .record(1, "completed", revision: 3)
        } _: { daemon in
            let client = ControlClient(socket: daemon.socket, token: "t0", language: "ru")
            let answer = try await client.recording(1)
            #expect(answer.body.id == 1 && answer.body.revision == 3)
            #expect(
                String(decoding: answer.json, as: UTF8.self)
                    == ScriptedDaemon.Reply.record(1, "completed", revision: 3).body)
            let asked = try #require(daemon.asked.first)
            #expect(asked.headers[.authorization] == "Bearer t0")
            #expect(asked.headers[.acceptLanguage] == "ru")
            _ = try await daemon.client.recording(1)
            #expect(daemon.asked.last?.headers[.authorization] == nil)
        }
    }

    @Test func anEditNamesTheRevisionThatItIsFor() async throws {
        try await ScriptedDaemon.run { _ in
            .record(1, "completed")
        } _: { daemon in
            _ = try await daemon.client.edit(1, text: "a\"\n", over: 7)
            _ = try await daemon.client.edit(1, text: "", over: nil)
            _ = try await daemon.client.restore(1, revision: 2, over: 7)
            #expect(
                daemon.asked.map(\.what) == [
                    "PUT audio/1", "PUT audio/1", "POST audio/1/revisions/2/restore",
                ])
            #expect(daemon.asked.map { $0.headers[.ifMatch] } == ["\"7\"", nil, "\"7\""])
            #expect(daemon.asked.first?.body == #"{"transcript_text":"a\"\n"}"#)
        }
    }

    @Test func aRefusalKeepsWhatTheDaemonSays() async throws {
        let current = #","current":{"id":9,"origin":"socket","created_at":"","text":"Theirs"},"yours":"Mine""#
        try await ScriptedDaemon.run { _ in
            .refusal(.conflict, "conflict", retryAfter: 7, more: current)
        } _: { daemon in
            let error = await #expect(throws: ControlError.self) {
                try await daemon.client.edit(1, text: "Mine", over: 1)
            }
            guard case .refused(409, let body, 7)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(body.code == "conflict" && body.current?.text == "Theirs" && body.yours == "Mine")
        }
    }

    @Test(arguments: [
        (HTTPResponse.Status.ok, "<html>"), (.ok, "{}"), (.badGateway, "<html>"), (.notFound, ""),
    ])
    func anotherProgramsAnswerIsUnreadable(status: HTTPResponse.Status, body: String) async throws {
        try await ScriptedDaemon.run { _ in
            .init(status: status, body: body)
        } _: { daemon in
            let error = await #expect(throws: ControlError.self) { try await daemon.client.recording(1) }
            guard case .unreadable(status.code)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func nobodyThereIsSaidAtOnce() async throws {
        let client = ControlClient(socket: "/nowhere/s", token: nil, language: "en")
        let error = await #expect(throws: ControlError.self) { try await client.status() }
        guard case .unreachable("/nowhere/s")? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func wordsOfASearchAreEscaped() async throws {
        try await ScriptedDaemon.run { _ in
            .init(body: #"{"items":[],"total":0,"skip":0,"limit":1}"#)
        } _: { daemon in
            let words = "oʻz & x=1 + ?#/%"
            _ = try await daemon.client.recordings([("q", words), ("limit", "1")])
            #expect(daemon.asked.first?.query == ["q": words, "limit": "1"])
        }
    }

    @Test func anUploadIsAFormWithTheBytesAndSaysHowFarItIs() async throws {
        try await ScriptedDaemon.run { _ in
            .record(7, "pending")
        } _: { daemon in
            let told = Mutex<[Int64]>([])
            _ = try await daemon.client.upload(
                "/a", named: "so'z \"1\"\r\n.wav", file: temporaryFile(Array("RIFF and more".utf8)), size: 4,
                user: "ali", sent: { bytes in told.withLock { $0.append(bytes) } })
            let asked = try #require(daemon.asked.first)
            #expect(asked.query == ["user": "ali"])
            #expect(asked.body.contains(#"name="file"; filename="so'z %221%22%0D%0A.wav""#))
            #expect(asked.body.contains("\r\n\r\nRIFF\r\n--"))
            #expect(asked.headers[.contentLength] == String(asked.body.utf8.count))
            let sent = told.withLock(\.self)
            #expect(sent.last == 4 && sent == sent.sorted())
        }
    }

    @Test func aFileThatShrinksIsNotSent() async throws {
        try await ScriptedDaemon.run { _ in
            .record(7, "pending")
        } _: { daemon in
            let error = await #expect(throws: ControlError.self) {
                try await daemon.client.upload(
                    "/a", named: "a.wav", file: temporaryFile(), size: 4, user: nil, sent: { _ in })
            }
            guard case .unreadableFile("/a")? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "HTTP/1.1 404 Not\r\nContent-Length: 100\r\n\r\n{",
    ])
    func anAnswerThatBreaksOffIsNotTakenForAWholeOne(answer: String) async throws {
        let folder = try TemporaryFolder()
        let server = try FaultServer(unixSocket: folder.path("s")) { _ in [.send(Array(answer.utf8))] }
        defer { server.stop() }
        let client = ControlClient(socket: folder.path("s"), token: nil, language: "en")
        for ask in [{ _ = try await client.status() }, { try await client.audio(1) { _ in } }] {
            let error = await #expect(throws: ControlError.self) { try await ask() }
            guard case .interrupted? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    /// kotibctl waited for ever for a daemon that stopped amid its answer.
    @Test(arguments: ["", "{"]) func aServerThatStopsAmidItsAnswerIsGivenUp(begun: String) async throws {
        let folder = try TemporaryFolder()
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
        let server = try FaultServer(unixSocket: folder.path("s")) { _ in
            [.send(Array((head + begun).utf8)), .hang]
        }
        defer { server.stop() }
        let client = ControlClient(
            socket: folder.path("s"), token: nil, language: "en", silence: .milliseconds(200))
        for ask in [{ _ = try await client.status() }, { try await client.audio(1) { _ in } }] {
            let error = await #expect(throws: ControlError.self) { try await ask() }
            guard case .timedOut? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        try await waitUntil("the connections are closed") { server.open == 0 }
    }

    @Test func aCancelledTaskEndsItsRequest() async throws {
        let folder = try TemporaryFolder()
        let server = try FaultServer(unixSocket: folder.path("s")) { _ in [.hang] }
        let client = ControlClient(socket: folder.path("s"), token: nil, language: "en")
        let task = Task { _ = try await client.status() }
        try await waitUntil("the request has come") { !server.received.isEmpty }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await waitUntil("the connection is closed") { server.open == 0 }
    }

    @Test func aRecordingComesPieceByPiece() async throws {
        let sound = String(repeating: "0123456789", count: 300_000)
        try await ScriptedDaemon.run { _ in
            .init(body: sound)
        } _: { daemon in
            var pieces: [[UInt8]] = []
            try await daemon.client.audio(1) { pieces.append($0) }
            #expect(pieces.count > 1)
            #expect(pieces.joined().elementsEqual(sound.utf8))
        }
    }
}

@Suite struct EventParserTests {
    private func read(_ text: String, inPiecesOf size: Int = .max) -> [ServerEvent] {
        var parser = EventParser()
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: min(size, max(1, bytes.count))).flatMap { start in
            parser.read(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
        }
    }

    @Test(arguments: [1, 2, 3, 1000]) func anyPiecesAndLineEnds(size: Int) {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["id: 4", "event: changed", "data: a", "data:b", "", ": hello", "", "data: c", "", ""]
                .joined(separator: end)
            #expect(
                read(text, inPiecesOf: size) == [
                    ServerEvent(name: "changed", data: "a\nb", id: "4"),
                    ServerEvent(name: "message", data: "c", id: "4"),
                ], "\(end.debugDescription)")
        }
    }

    @Test func anEventThatIsNotWholeIsNone() {
        #expect(read("event: changed\ndata: a\n").isEmpty)
    }

    @Test func aLineWithoutAnEndIsNotKept() {
        let long = "data: " + String(repeating: "a", count: EventParser.longestLine + 10) + "\n"
        #expect(read(long + "data: b\n\n").map(\.data) == ["b"])
    }
}
