import HummingbirdCore
import Logging

/// Which address leads where, and what comes before each route.
struct ControlRouter: Sendable {
    let routes: RouteTable
    private let failures: FailureMiddleware
    private let authentication: AuthenticationMiddleware

    init(settings: ControlServer.Settings, parts: ControlDependencies, logger: Logger) {
        let proxies = TrustedProxies(users: settings.trustedProxies)
        failures = FailureMiddleware(logger: logger, metrics: parts.metrics, proxies: proxies)
        authentication = AuthenticationMiddleware(
            accounts: parts.accounts, owner: settings.owner, proxies: proxies)
        var routes = RouteTable()
        MetricsRoute(parts: parts).add(to: &routes)
        OpenAPIRoute(parts: parts).add(to: &routes)
        routes.add(Self.api(settings, parts))
        self.routes = routes
    }

    /// Answers errors too.
    func respond(to request: Request, context: ControlContext) async throws -> Response {
        var context = context
        let handler = routes.handler(of: request, &context)
        return try await failures.handle(request, context: context) { request, context in
            try await authentication.handle(request, context: context, next: handler)
        }
    }

    private static func api(
        _ settings: ControlServer.Settings, _ parts: ControlDependencies
    ) -> RouteTable {
        var routes = RouteTable(prefix: "api/v1")
        AuthRoutes(parts: parts).add(to: &routes)
        UserRoutes(parts: parts).add(to: &routes)
        AudioListRoute(parts: parts).add(to: &routes)
        AudioFileRoute(parts: parts).add(to: &routes)
        AudioRoutes(parts: parts).add(to: &routes)
        UploadRoute(parts: parts, limit: settings.upload).add(to: &routes)
        TranscriptRoute(parts: parts).add(to: &routes)
        RevisionRoutes(parts: parts).add(to: &routes)
        EventRoute(parts: parts).add(to: &routes)
        StatusRoutes(parts: parts).add(to: &routes)
        MetricsRoute(parts: parts).add(to: &routes)
        OpenAPIRoute(parts: parts).add(to: &routes)
        return routes
    }
}
