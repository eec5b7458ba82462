import HTTPTypes
import Hummingbird
import KotibAccounts
import KotibControlProtocol
import KotibPOSIX

/// Finds out in whose name a request acts. A token decides where one is sent; without one, the local operator is
/// known by the connection. Who needs a caller asks the context.
struct AuthenticationMiddleware: RouterMiddleware {
    typealias Context = ControlContext

    let accounts: AccountService
    let owner: UInt32
    let proxies: TrustedProxies

    func handle(
        _ request: Request, context: ControlContext, next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let header = request.headers[.authorization] {
            guard let token = Self.bearer(header) else { throw Self.unauthorized }
            do {
                context.caller = .session(try await accounts.authenticate(token))
            } catch {
                throw error == .unauthorized ? Self.unauthorized : error as any Error
            }
        } else if isOperator(context.peer, request) {
            context.caller = .localOperator
        }
        return try await next(request, context)
    }

    private func isOperator(_ peer: UInt32, _ request: Request) -> Bool {
        (peer == 0 || peer == owner) && !proxies.contains(peer) && !TrustedProxies.isForwarded(request)
    }

    private static let unauthorized = ControlFailure(
        .unauthorized, .unauthorized, .unauthorized,
        headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])

    /// RFC 6750, 2.1; the scheme's name in any case (RFC 9110, 11.1).
    private static func bearer(_ header: String) -> String? {
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
