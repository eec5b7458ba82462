import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Testing

@testable import KotibControlServer

@Suite struct RouteTableTests {
    private static let routes: RouteTable = {
        var api = RouteTable(prefix: "api")
        // In an order in which the fixed segments come last.
        api.get("audio/{id}") { _, _ in Response(status: .ok) }
        api.put("audio/{id}") { _, _ in Response(status: .accepted) }
        api.get("audio/{id}/revisions/{revision}") { _, _ in Response(status: .ok) }
        api.get("audio/{id}/file") { _, _ in Response(status: .ok) }
        api.get("audio/file/{id}") { _, _ in Response(status: .ok) }
        api.get("audio/list") { _, _ in Response(status: .ok) }
        var routes = RouteTable()
        routes.add(api)
        routes.get("metrics") { _, _ in Response(status: .ok) }
        return routes
    }()

    private static func request(_ method: HTTPRequest.Method, _ path: String) -> Request {
        Request(
            head: HTTPRequest(method: method, scheme: nil, authority: nil, path: path),
            body: RequestBody(buffer: ByteBuffer()))
    }

    private static func context() -> ControlContext {
        ControlContext(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, peer: 1)
    }

    @Test(
        arguments: [
            ("/metrics", "/metrics", [:]),
            ("/api/audio/5", "/api/audio/{id}", ["id": "5"]),
            ("/api/audio/5?limit=1", "/api/audio/{id}", ["id": "5"]),
            // A fixed segment before one that stands for any, from the left.
            ("/api/audio/list", "/api/audio/list", [:]),
            ("/api/audio/file/7", "/api/audio/file/{id}", ["id": "7"]),
            ("/api/audio/file/file", "/api/audio/file/{id}", ["id": "file"]),
            ("/api/audio/7/file", "/api/audio/{id}/file", ["id": "7"]),
            // More segments than the fixed route has.
            (
                "/api/audio/list/revisions/2", "/api/audio/{id}/revisions/{revision}",
                ["id": "list", "revision": "2"]
            ),
            ("//api/audio//5/", "/api/audio/{id}", ["id": "5"]),
            // As it was sent.
            ("/api/audio/%35", "/api/audio/{id}", ["id": "%35"]),
        ] as [(String, String, [Substring: Substring])])
    func aPathLeadsToItsRoute(
        path: String, route: String, parameters: [Substring: Substring]
    ) async throws {
        var context = Self.context()
        let request = Self.request(.get, path)
        let handler = Self.routes.handler(of: request, &context)
        #expect(context.route == route && context.parameters == parameters)
        #expect(try await handler(request, context).status == .ok)
    }

    @Test func aMethodHasItsHandler() async throws {
        let answer = try await Self.routes.respond(
            to: Self.request(.put, "/api/audio/5"), context: Self.context())
        #expect(answer.status == .accepted)
    }

    @Test(arguments: ["/", "/api", "/api/audio", "/audio/5", "/api/audio/5/file/6", "/METRICS"])
    func otherPathsAreNotFound(path: String) async throws {
        let failure = await #expect(throws: ControlFailure.self) {
            try await Self.routes.respond(to: Self.request(.get, path), context: Self.context())
        }
        #expect(failure?.status == .notFound)
    }

    @Test(arguments: [
        ("/api/audio/5", "GET, HEAD, PUT"), ("/api/audio/list", "GET, HEAD"), ("/metrics", "GET, HEAD"),
    ])
    func otherMethodsAreRefusedWithThoseThatThereAre(path: String, allowed: String) async throws {
        var context = Self.context()
        let request = Self.request(.delete, path)
        let handler = Self.routes.handler(of: request, &context)
        #expect(context.route == "NotFound")
        let failure = await #expect(throws: ControlFailure.self) { try await handler(request, context) }
        #expect(failure?.status == .methodNotAllowed && failure?.headers[.allow] == allowed)
    }
}
