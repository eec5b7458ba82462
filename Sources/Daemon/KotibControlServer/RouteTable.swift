import HTTPTypes
import HummingbirdCore
import KotibControlProtocol
import KotibText

/// The routes by method and path. A segment `{name}` of a path stands for any one segment.
struct RouteTable: Sendable {
    typealias Handler = @Sendable (Request, ControlContext) async throws -> Response

    /// A path with the handlers of its methods.
    struct Endpoint: Sendable {
        /// As in the API's description: `/api/v1/audio/{id}`.
        let path: String
        let segments: [Substring]
        fileprivate(set) var handlers: [HTTPRequest.Method: Handler]
    }

    /// The route of metrics and the log for requests that match none.
    private static let noRoute = "NotFound"

    private(set) var endpoints: [Endpoint] = []
    private let prefix: String

    /// - Parameter prefix: put before each path that is added.
    init(prefix: String = "") {
        self.prefix = prefix
    }

    mutating func get(_ path: String, use handler: @escaping Handler) { add(.get, path, handler) }
    mutating func post(_ path: String, use handler: @escaping Handler) { add(.post, path, handler) }
    mutating func put(_ path: String, use handler: @escaping Handler) { add(.put, path, handler) }
    mutating func patch(_ path: String, use handler: @escaping Handler) { add(.patch, path, handler) }
    mutating func delete(_ path: String, use handler: @escaping Handler) { add(.delete, path, handler) }

    /// Adds the routes of another table.
    mutating func add(_ other: RouteTable) {
        for endpoint in other.endpoints {
            for (method, handler) in endpoint.handlers { add(method, endpoint.path, handler) }
        }
    }

    private mutating func add(_ method: HTTPRequest.Method, _ path: String, _ handler: @escaping Handler) {
        let segments = "\(prefix)/\(path)".split(separator: "/")
        let index = endpoints.firstIndex { $0.segments == segments } ?? insert(segments)
        let replaced = endpoints[index].handlers.updateValue(handler, forKey: method)
        precondition(replaced == nil, "two handlers of \(method) \(path)")
    }

    /// Keeps fixed segments before those that stand for any: the first endpoint that matches is the one.
    private mutating func insert(_ segments: [Substring]) -> Int {
        let rank = segments.map(Self.isParameter)
        let index = endpoints.firstIndex { endpoint in
            rank.lexicographicallyPrecedes(endpoint.segments.map(Self.isParameter)) { !$0 && $1 }
        }
        let endpoint = Endpoint(
            path: "/" + segments.joined(separator: "/"), segments: segments, handlers: [:])
        endpoints.insert(endpoint, at: index ?? endpoints.endIndex)
        return index ?? endpoints.endIndex - 1
    }

    private static func isParameter(_ segment: Substring) -> Bool { segment.hasPrefix("{") }

    private static func isMatch(_ endpoint: Endpoint, _ segments: [Substring]) -> Bool {
        endpoint.segments.count == segments.count
            && zip(endpoint.segments, segments).allSatisfy { isParameter($0) || $0 == $1 }
    }

    /// The handler of a request, or one that throws a ``ControlFailure``, 404 or 405. Writes the route and
    /// its parameters into the context.
    func handler(of request: Request, _ context: inout ControlContext) -> Handler {
        let segments = request.uri.path.split(separator: "/")
        let endpoint = endpoints.first { Self.isMatch($0, segments) }
        guard let endpoint, let handler = endpoint.handlers[request.method] else {
            context.route = Self.noRoute
            return { _, _ in throw Self.noHandler(endpoint) }
        }
        context.route = endpoint.path
        for (name, value) in zip(endpoint.segments, segments) where Self.isParameter(name) {
            context.parameters[name.dropFirst().dropLast()] = value
        }
        return handler
    }

    /// A path that other methods have is 405 with their names (RFC 9110, 15.5.6).
    private static func noHandler(_ endpoint: Endpoint?) -> ControlFailure {
        guard let endpoint else { return ControlFailure(.notFound, .notFound, .noSuchAddress) }
        let methods = endpoint.handlers.keys.map(\.rawValue)
        // HEAD is answered as GET.
        let allowed = (methods.contains("GET") ? methods + ["HEAD"] : methods).sorted()
        return ControlFailure(
            .methodNotAllowed, .methodNotAllowed, .wrongMethod,
            headers: [.allow: allowed.joined(separator: ", ")])
    }
}
