import KotibControlProtocol
import KotibHTTP

extension ControlClient {
    public func sendCode(to phone: String) async throws -> Answer<MessageBody> {
        try await json(
            MessageBody.self, .post, "auth/send_otp", sending: SendCodeRequest(phoneNumber: phone))
    }

    public func verify(phone: String, code: String) async throws -> Answer<LoginBody> {
        let request = VerifyCodeRequest(phoneNumber: phone, code: code)
        return try await json(LoginBody.self, .post, "auth/verify_otp", sending: request)
    }

    public func logout(everywhere: Bool) async throws -> Answer<MessageBody> {
        try await json(
            MessageBody.self, .post, "auth/logout", sending: LogoutRequest(everywhere: everywhere))
    }

    public func caller() async throws -> Answer<CallerBody> {
        try await json(CallerBody.self, .get, "auth/me")
    }

    public func users(named name: String? = nil, skip: Int = 0, limit: Int = 1000) async throws
        -> Answer<UserListBody>
    {
        var query = [("skip", String(skip)), ("limit", String(limit))]
        if let name { query.append(("name", name)) }
        return try await json(UserListBody.self, .get, "users", query: query)
    }

    public func addUser(_ request: AddUserRequest) async throws -> Answer<UserBody> {
        try await json(UserBody.self, .post, "users", sending: request)
    }

    public func changeUser(_ id: Int64, _ request: ChangeUserRequest) async throws -> Answer<UserBody> {
        try await json(UserBody.self, .patch, "users/\(id)", sending: request)
    }

    public func status() async throws -> Answer<StatusBody> {
        try await json(StatusBody.self, .get, "status")
    }
}
