import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibControlProtocol
import KotibPOSIX
import KotibText

/// Determines the caller of a request: by its token, if there is one; without a token, the local operator is
/// recognized by the connection. Routes that need a caller ask the context.
struct AuthenticationMiddleware: Sendable {
    let accounts: AccountService
    let owner: UInt32
    let proxies: TrustedProxies

    func handle(
        _ request: Request, context: ControlContext, next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let header = request.headers[.authorization] {
            if AuthRoutes.logins.contains(request.uri.path) {
                // It need not hold any more: that it was its user's tells the device from a stranger's. One
                // of an earlier secret, or of another service, keeps nobody from logging in.
                if let token = Self.bearer(header) { context.device = await accounts.device(token) }
                return try await next(request, context)
            }
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

    /// RFC 6750, 2.1, with the one blank that everybody sends; the scheme's name in any case (RFC 9110,
    /// 11.1). Nothing may stand in the token that is none of its characters.
    static func bearer(_ header: String) -> String? {
        let parts = header.utf8.split(
            separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Substring(parts[0]).lowercased() == "bearer", !parts[1].isEmpty,
            parts[1].allSatisfy(isTokenCharacter)
        else { return nil }
        return String(Substring(parts[1]))
    }

    /// The characters of a token (RFC 7515, 7.1).
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
