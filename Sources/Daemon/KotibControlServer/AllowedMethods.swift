import Synchronization

/// The methods that each path allows, to distinguish a wrong method from an unknown path. Filled once all
/// routes exist, because the middleware that uses it comes before them.
final class AllowedMethods: Sendable {
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
