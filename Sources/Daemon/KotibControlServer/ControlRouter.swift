import Hummingbird
import Logging
import Synchronization

/// Which address leads where.
struct ControlRouter {
    let router: Router<ControlContext>

    init(settings: ControlServer.Settings, parts: ControlDependencies, logger: Logger) {
        router = Router(context: ControlContext.self, options: .autoGenerateHeadEndpoints)
        // Before the routes: a route takes what stands before it.
        let methods = AllowedMethods()
        let proxies = TrustedProxies(users: settings.trustedProxies)
        router.add(
            middleware: FailureMiddleware(
                logger: logger, methods: methods, metrics: parts.metrics, proxies: proxies))
        router.add(
            middleware: AuthenticationMiddleware(
                accounts: parts.accounts, owner: settings.owner, proxies: proxies))
        MetricsRoute(parts: parts).add(to: router)
        OpenAPIRoute(parts: parts).add(to: router)
        Self.addAPI(to: router.group("api/v1"), settings, parts)
        methods.fill(router.routes.map { ($0.path.description, $0.method.rawValue) })
    }

    private static func addAPI(
        to group: RouterGroup<ControlContext>, _ settings: ControlServer.Settings,
        _ parts: ControlDependencies
    ) {
        AuthRoutes(parts: parts).add(to: group)
        UserRoutes(parts: parts).add(to: group)
        AudioListRoute(parts: parts).add(to: group)
        AudioFileRoute(parts: parts).add(to: group)
        AudioRoutes(parts: parts).add(to: group)
        UploadRoute(parts: parts, limit: settings.upload).add(to: group)
        TranscriptRoute(parts: parts).add(to: group)
        RevisionRoutes(parts: parts).add(to: group)
        EventRoute(parts: parts).add(to: group)
        StatusRoutes(parts: parts).add(to: group)
        MetricsRoute(parts: parts).add(to: group)
        OpenAPIRoute(parts: parts).add(to: group)
    }
}

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
