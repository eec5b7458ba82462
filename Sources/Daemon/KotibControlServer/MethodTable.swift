import Synchronization

/// Which methods each address takes, to tell a wrong method from a wrong address. Filled once all routes are
/// there: what looks things up in it stands before them.
final class MethodTable: Sendable {
    private struct Route {
        var segments: [Substring]
        var method: String
    }

    private let routes = Mutex<[Route]>([])

    /// - Parameter paths: as the router writes them, `/api/v1/audio/{id}`.
    func fill(_ paths: [(path: String, method: String)]) {
        let list = paths.map { Route(segments: $0.path.split(separator: "/"), method: $0.method) }
        routes.withLock { $0 = list }
    }

    func methods(at path: String) -> [String] {
        let segments = path.split(separator: "/")
        let found = routes.withLock { routes in
            routes.filter { route in
                route.segments.count == segments.count
                    && zip(route.segments, segments).allSatisfy {
                        $0.hasPrefix("{") || $0.hasPrefix(":") || $0 == $1
                    }
            }
        }
        let methods = found.map(\.method)
        // The router makes one of the other.
        return (methods.contains("GET") ? methods + ["HEAD"] : methods).sorted()
    }
}
