// KotibControlTestSupport: a daemon that stands in, for tests of those who speak to one.

import HTTPTypes
import Hummingbird
import KotibControlClient
import KotibTestSupport
import NIOCore
import Synchronization

/// Answers on a Unix socket what a closure says, and keeps what it was asked.
public final class ScriptedDaemon: Sendable {
    public struct Asked: Sendable {
        /// Method and path below `/api/v1/`, such as `GET audio/1`.
        public var what: String
        public var headers: HTTPFields
        public var body: String
        /// Unescaped.
        public var query: [String: String]
        /// How often the same was asked before.
        public var before: Int
    }

    public struct Reply: Sendable {
        public var status = HTTPResponse.Status.ok
        public var headers: HTTPFields = [:]
        public var body = ""

        public init(
            status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: String = ""
        ) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    public let folder: TemporaryFolder
    private let answer: @Sendable (Asked) -> Reply
    private let log = Mutex<[Asked]>([])
    private let listens = Mutex(false)

    public var socket: String { folder.path("s") }
    public var asked: [Asked] { log.withLock(\.self) }

    private init(_ answer: @escaping @Sendable (Asked) -> Reply) throws {
        folder = try TemporaryFolder()
        self.answer = answer
    }

    /// Runs `body` while it answers.
    public static func run(
        _ answer: @escaping @Sendable (Asked) -> Reply, _ body: (ScriptedDaemon) async throws -> Void
    ) async throws {
        let daemon = try ScriptedDaemon(answer)
        let server = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                try await daemon.respond(request)
            }, server: .keepingConnections,
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: daemon.socket)),
            onServerRunning: { _ in daemon.listens.withLock { $0 = true } })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await waitUntil("the daemon listens") { daemon.listens.withLock(\.self) }
            try await body(daemon)
        }
    }

    private func respond(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 24)
        let what = "\(request.method.rawValue) \(request.uri.path.replacing("/api/v1/", with: ""))"
        let query = request.uri.queryParameters.map { (String($0.key), String($0.value)) }
            .reduce(into: [:]) { $0[$1.0] = $1.1 }
        let asked = log.withLock { log in
            let asked = Asked(
                what: what, headers: request.headers, body: String(buffer: body), query: query,
                before: log.count { $0.what == what })
            log.append(asked)
            return asked
        }
        let reply = answer(asked)
        return Response(
            status: reply.status, headers: reply.headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: reply.body)))
    }

    public var client: ControlClient { ControlClient(socket: socket, token: nil, language: "en") }

    /// - Parameter path: the folders of programs.
    public func kotibctl(
        _ arguments: String..., input: String = "", path: String = "/usr/bin:/bin",
        environment: [String: String] = [:]
    ) async throws -> Command {
        try await run(arguments, input: input, path: path, environment: environment)
    }

    public func run(
        _ arguments: [String], input: String = "", path: String = "/usr/bin:/bin",
        environment: [String: String] = [:]
    ) async throws -> Command {
        let script = #"printf '%s' "$INPUT" | "$0" "$@""#
        let own = [
            "HOME": folder.path, "TMPDIR": folder.path, "KOTIB_SOCKET": socket, "LC_ALL": "C.UTF-8",
            "INPUT": input, "TZ": "UTC", "PATH": path,
        ]
        return try await Command.run(
            "/bin/sh", ["-c", script, try Installation.find().program("kotibctl")] + arguments,
            environment: own.merging(environment) { $1 })
    }
}

extension ScriptedDaemon.Reply {
    public static let notFound = Self(
        status: .notFound, body: #"{"detail":"Yozuv topilmadi","code":"not_found"}"#)

    public static func refusal(
        _ status: HTTPResponse.Status, _ code: String, retryAfter: Int? = nil, more: String = ""
    ) -> Self {
        let headers: HTTPFields = retryAfter.map { [.retryAfter: String($0)] } ?? [:]
        return Self(
            status: status, headers: headers, body: #"{"detail":"No: \#(code)","code":"\#(code)"\#(more)}"#)
    }

    public static func record(
        _ id: Int64, _ status: String, text: String? = nil, revision: Int64 = 1, path: String? = nil,
        error: String? = nil, audio: String = "present"
    ) -> Self {
        func quoted(_ text: String?) -> String {
            text.map { "\"" + $0.replacing("\n", with: "\\n").replacing("\u{1B}", with: "\\u001b") + "\"" }
                ?? "null"
        }
        let path = path ?? "ali/\(id).wav"
        return Self(
            body: """
                {"id":\(id),"user_id":1,"file_name":"\(id).wav","original_filename":"Suhbat \(id).wav",
                "file_path":\(quoted(path)),"file_size":4,"duration":10,"transcript_text":\(quoted(text)),
                "transcription_status":"\(status)","created_at":"2026-01-01T00:00:00Z",
                "updated_at":"2026-01-01T00:00:00Z","audio_state":"\(audio)","revision":\(revision),
                "error_message":\(quoted(error))}
                """)
    }

    public static let user = Self(
        body: #"{"id":1,"name":"ali","phone_number":"+998901234567","role":"user","is_active":true,"#
            + #""sidecars":["txt"],"created_at":"2026-01-01T00:00:00Z"}"#)

    /// Events and their ids.
    public static func events(_ events: String...) -> Self {
        Self(headers: [.contentType: "text/event-stream"], body: events.joined())
    }
}

public func changed(_ id: Int64, _ status: String, event: Int, audio: String = "present") -> String {
    """
    id: \(event)\r
    event: changed\r
    data: {"id":\(id),"file_path":"ali/\(id).wav","transcription_status":"\(status)","audio_state":"\(audio)",\r
    data: "at":"2026-01-01T00:00:00Z"}\r
    \r

    """
}

public func progress(_ id: Int64, _ fraction: Double, remaining: Double) -> String {
    """
    event: progress
    data: {"id":\(id),"user_name":"ali","file_path":"ali/\(id).wav","duration":10,"progress":\(fraction),\
    "remaining":\(remaining),"started_at":"2026-01-01T00:00:00Z"}


    """
}
