import Hummingbird
import Logging

/// Which address leads where.
struct ControlRouter {
    let router: Router<ControlContext>

    init(settings: ControlServer.Settings, parts: ControlParts, logger: Logger) {
        router = Router(context: ControlContext.self)
        // Before the routes: a route takes what stands before it.
        let methods = MethodTable()
        router.add(middleware: FailureMiddleware(logger: logger, methods: methods))
        router.add(
            middleware: AuthenticationMiddleware(
                accounts: parts.accounts, owner: settings.owner, trustedProxies: settings.trustedProxies))
        methods.fill(router.routes.map { ($0.path.description, $0.method.rawValue) })
    }
}
