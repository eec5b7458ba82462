import HTTPTypes
import Hummingbird
import KotibControlTestSupport
import KotibTestSupport
import NIOCore

/// Answers on a Unix socket what a test has told it to, whatever is asked.
struct StandInDaemon {
    struct Reply: Sendable {
        var status = HTTPResponse.Status.ok
        var json: String
        var headers: HTTPFields = [:]
    }

    let folder: TemporaryFolder
    var socket: String { folder.path("s") }

    /// Runs `body` while it answers.
    /// - Parameter replies: by method and path below `/api/v1/`; 404 for others.
    static func run(_ replies: [String: Reply], _ body: (StandInDaemon) async throws -> Void) async throws {
        let daemon = StandInDaemon(folder: try TemporaryFolder())
        let server = Application(
            responder: Answering(replies: replies), server: .keepingConnections,
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: daemon.socket)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await waitUntil("the stand-in listens") { try daemon.folder.names().contains("s") }
            try await body(daemon)
        }
    }

    /// kotibctl with a home of its own.
    func kotibctl(_ arguments: String..., input: String = "", locale: String = "C.UTF-8") async throws
        -> Command
    {
        try await kotibctl(arguments, input: input, locale: locale)
    }

    func kotibctl(_ arguments: [String], input: String = "", locale: String = "C.UTF-8") async throws
        -> Command
    {
        let program = try Installation.find().program("kotibctl")
        let script = #"printf '%s' "$INPUT" | "$0" "$@""#
        return try await Command.run(
            "/bin/sh", ["-c", script, program] + arguments,
            environment: [
                "HOME": folder.path, "KOTIB_SOCKET": socket, "LC_ALL": locale, "INPUT": input, "TZ": "UTC",
                "PATH": "/usr/bin:/bin",
            ])
    }
}

private struct Answering: HTTPResponder {
    typealias Context = BasicRequestContext
    let replies: [String: StandInDaemon.Reply]

    func respond(to request: Request, context: Context) async throws -> Response {
        let path = request.uri.path.replacing("/api/v1/", with: "")
        let reply =
            replies["\(request.method.rawValue) \(path)"]
            ?? .init(status: .notFound, json: #"{"detail": "Yozuv topilmadi", "code": "not_found"}"#)
        return Response(
            status: reply.status, headers: reply.headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: reply.json)))
    }
}
