import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText
import NIOCore

/// `auth/…`: in and out.
struct AuthRoutes {
    /// Routes that work with an invalid token.
    static let logins: Set<String> = ["/api/v1/auth/send_otp", "/api/v1/auth/verify_otp"]

    let parts: ControlDependencies

    func add(to routes: inout RouteTable) {
        routes.post("auth/send_otp", use: sendCode)
        routes.post("auth/verify_otp", use: verifyCode)
        routes.post("auth/logout", use: logout)
        routes.get("auth/me", use: me)
    }

    @Sendable private func sendCode(_ request: Request, _ context: ControlContext) async throws -> Response {
        let body = try await ControlJSON.decode(
            SendCodeRequest.self, from: request, upTo: ControlJSON.smallBody)
        try await answering { () async throws(AccountError) in
            try await parts.accounts.sendCode(
                to: body.phoneNumber, peer: context.peerName, device: context.device)
        }
        return try ControlJSON.response(MessageBody(message: Sentence.codeSent.text(in: context.language)))
    }

    @Sendable private func verifyCode(_ request: Request, _ context: ControlContext) async throws -> Response
    {
        let body = try await ControlJSON.decode(
            VerifyCodeRequest.self, from: request, upTo: ControlJSON.smallBody)
        let login = try await answering { () async throws(AccountError) in
            try await parts.accounts.verify(
                phone: body.phoneNumber, code: body.code, peer: context.peerName, device: context.device)
        }
        if login.isNew { await parts.rescan() }
        let user = login.session.user
        return try ControlJSON.response(
            LoginBody(
                accessToken: login.token, userID: user.id.rawValue, phoneNumber: user.phone ?? "",
                role: user.role.rawValue),
            headers: [.cacheControl: "no-store"])
    }

    @Sendable private func logout(_ request: Request, _ context: ControlContext) async throws -> Response {
        var request = request
        guard case .session(let session) = try context.requireCaller() else {
            throw ControlFailure(.conflict, .wrongState, .noSession)
        }
        let body: LogoutRequest
        if try await isBodyless(&request) {
            body = LogoutRequest(everywhere: nil)
        } else {
            body = try await ControlJSON.decode(
                LogoutRequest.self, from: request, upTo: ControlJSON.smallBody)
        }
        try await answering { () async throws(AccountError) in
            try await parts.accounts.logout(session, everywhere: body.everywhere ?? false)
        }
        return try ControlJSON.response(MessageBody(message: Sentence.loggedOut.text(in: context.language)))
    }

    @Sendable private func me(_ request: Request, _ context: ControlContext) async throws -> Response {
        switch try context.requireCaller() {
        case .localOperator: try ControlJSON.response(CallerBody(by: "operator", user: nil))
        case .session(let session):
            try ControlJSON.response(
                CallerBody(by: "token", user: UserBody(session.user, under: parts.quotas)))
        }
    }

    /// Keeps what it reads in the request.
    private func isBodyless(_ request: inout Request) async throws -> Bool {
        do {
            return try await request.collectBody(upTo: ControlJSON.smallBody).readableBytes == 0
        } catch is NIOTooManyBytesError {
            throw ControlFailure(.contentTooLarge, .tooLarge, .tooLarge)
        }
    }
}
