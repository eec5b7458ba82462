import KotibControlProtocol
import NIOHTTP1

extension ControlClient {
    public func sendCode(to phone: String) async throws -> Answer<MessageBody> {
        try await json(
            MessageBody.self, .POST, "auth/send_otp", sending: SendCodeRequest(phoneNumber: phone))
    }

    public func verify(phone: String, code: String) async throws -> Answer<LoginBody> {
        let request = VerifyCodeRequest(phoneNumber: phone, code: code)
        return try await json(LoginBody.self, .POST, "auth/verify_otp", sending: request)
    }

    public func logout(everywhere: Bool) async throws -> Answer<MessageBody> {
        try await json(
            MessageBody.self, .POST, "auth/logout", sending: LogoutRequest(everywhere: everywhere))
    }

    public func caller() async throws -> Answer<CallerBody> {
        try await json(CallerBody.self, .GET, "auth/me")
    }

    public func users(named name: String? = nil, skip: Int = 0, limit: Int = 1000) async throws
        -> Answer<UserListBody>
    {
        var query = [("skip", String(skip)), ("limit", String(limit))]
        if let name { query.append(("name", name)) }
        return try await json(UserListBody.self, .GET, "users", query: query)
    }

    public func addUser(_ request: AddUserRequest) async throws -> Answer<UserBody> {
        try await json(UserBody.self, .POST, "users", sending: request)
    }

    public func changeUser(_ id: Int64, _ request: ChangeUserRequest) async throws -> Answer<UserBody> {
        try await json(UserBody.self, .PATCH, "users/\(id)", sending: request)
    }

    public func status() async throws -> Answer<StatusBody> {
        try await json(StatusBody.self, .GET, "status")
    }
}
