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
    let trustedProxies: Set<UInt32>

    func handle(
        _ request: Request, context: ControlContext, next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let isProxy = trustedProxies.contains(context.peer)
        if isProxy, let name = Self.realAddress, let address = request.headers[name].flatMap(Self.address) {
            context.peerName = address
        }
        if let header = request.headers[.authorization] {
            guard let token = Self.bearer(header) else { throw Self.unauthorized }
            do {
                context.caller = .session(try await accounts.authenticate(token))
            } catch {
                throw error == .unauthorized ? Self.unauthorized : error as any Error
            }
        } else if !isProxy && (context.peer == 0 || context.peer == owner) {
            context.caller = .localOperator
        }
        return try await next(request, context)
    }

    /// What nginx is told to send (etc/nginx/kotib.conf).
    private static let realAddress = HTTPField.Name("X-Real-IP")

    private static let unauthorized = ControlFailure(
        .unauthorized, .unauthorized, .unauthorized,
        headers: [.wwwAuthenticate: "Bearer error=\"invalid_token\""])

    /// RFC 6750, 2.1; the scheme's name in any case (RFC 9110, 11.1).
    private static func bearer(_ header: String) -> String? {
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }

    /// Only what looks like an address becomes a key of the limits.
    private static func address(_ text: String) -> String? {
        let isAddress =
            !text.isEmpty && text.utf8.count <= 45
            && text.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
        return isAddress ? text : nil
    }
}
