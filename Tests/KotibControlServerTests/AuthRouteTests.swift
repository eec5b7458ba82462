import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText
import Testing

@testable import KotibControlServer

@Suite struct AuthRouteTests {
    private static let phone = "+998901234567"

    @Test func theSeedsWordsAreKept() async throws {
        let fixture = try await ControlFixture()
        let body = #"{"phone_number": "\#(Self.phone)"}"#
        let sent = try await fixture.ask(.post, "/api/v1/auth/send_otp", as: nil, body: body)
        #expect(sent.status == 200)
        #expect(try sent.json(MessageBody.self).message == "OTP kodi yuborildi")

        let wrong = #"{"phone_number": "\#(Self.phone)", "otp_code": "x"}"#
        let refusal = try await fixture.refusal(.post, "/api/v1/auth/verify_otp", as: nil, body: wrong)
        #expect(refusal?.status == .badRequest && refusal?.code == .wrongCode)
        #expect(refusal?.body(in: .uzbek).detail == "Noto'g'ri yoki muddati o'tgan kod")
    }

    @Test func aSecondCodeAtOnceIsTooMany() async throws {
        let fixture = try await ControlFixture()
        let body = #"{"phone_number": "\#(Self.phone)"}"#
        _ = try await fixture.ask(.post, "/api/v1/auth/send_otp", as: nil, body: body)
        let refusal = try await fixture.refusal(.post, "/api/v1/auth/send_otp", as: nil, body: body)
        #expect(refusal?.status == .tooManyRequests)
        let wait = try #require(refusal?.headers[.retryAfter].flatMap { Int($0) })
        #expect((1...30).contains(wait))
    }

    @Test(arguments: [
        "", "{", "[]", #"{"phone": "+998901234567"}"#, #"{"phone_number": 5}"#,
        #"{"phone_number": "five"}"#,
    ])
    func unreadableConditionIsInvalid(_ body: String) async throws {
        let fixture = try await ControlFixture()
        let refusal = try await fixture.refusal(.post, "/api/v1/auth/send_otp", as: nil, body: body)
        #expect(refusal?.status == .unprocessableContent)
    }

    @Test func aCodeGivesATokenAndLogoutEndsIt() async throws {
        let fixture = try await ControlFixture()
        let caller = try await fixture.login(Self.phone)
        guard case .session(let session) = caller else { return }
        let me = try await fixture.ask(.get, "/api/v1/auth/me", as: caller).json(CallerBody.self)
        #expect(me.by == "token" && me.user?.phoneNumber == Self.phone && me.user?.name == "998901234567")

        let answer = try await fixture.ask(.post, "/api/v1/auth/logout", as: caller)
        #expect(answer.status == 200)
        #expect(try await fixture.catalog.tokens.holder(ofToken: session.token, at: .now()) == nil)
    }

    @Test(arguments: [true, false])
    func theFirstLoginLooksAtTheFolderAgain(isFirst: Bool) async throws {
        let fixture = try await ControlFixture()
        if !isFirst { _ = try await fixture.accounts.add(name: "ali", phone: Self.phone, role: .user) }
        try await fixture.verify(Self.phone)
        #expect(fixture.rescans.count == (isFirst ? 1 : 0))
    }

    @Test(arguments: ["auth/send_otp", "auth/verify_otp"])
    func bodiesBeforeLoginAreSmall(_ path: String) async throws {
        let fixture = try await ControlFixture()
        let body = #"{"phone_number": "\#(String(repeating: "1", count: 5000))", "otp_code": ""}"#
        let refusal = try await fixture.refusal(.post, "/api/v1/\(path)", as: nil, body: body)
        #expect(refusal?.status == .contentTooLarge && refusal?.code == .tooLarge)
    }

    @Test func logoutEverywhereIsAskedForByItsBody() async throws {
        let fixture = try await ControlFixture()
        let caller = try await fixture.login(Self.phone)
        guard case .session(var session) = caller else { return }
        let token = session.token
        session.token = "another"
        _ = try await fixture.ask(.post, "/api/v1/auth/logout", as: .session(session), body: "{}")
        #expect(try await fixture.catalog.tokens.holder(ofToken: token, at: .now()) != nil)
        _ = try await fixture.ask(
            .post, "/api/v1/auth/logout", as: .session(session), body: #"{"everywhere": true}"#)
        #expect(try await fixture.catalog.tokens.holder(ofToken: token, at: .now()) == nil)
    }

    @Test func theOperatorNeedsNoLogin() async throws {
        let fixture = try await ControlFixture()
        let me = try await fixture.ask(.get, "/api/v1/auth/me", as: .localOperator).json(CallerBody.self)
        #expect(me == CallerBody(by: "operator", user: nil))
        let refusal = try await fixture.refusal(.post, "/api/v1/auth/logout", as: .localOperator)
        #expect(refusal?.status == .conflict && refusal?.code == .wrongState)
    }

    @Test(arguments: ["auth/me", "users", "users/1", "status", "events", "metrics"])
    func nobodyGetsNothing(_ path: String) async throws {
        let fixture = try await ControlFixture()
        let refusal = try await fixture.refusal(.get, "/api/v1/\(path)", as: nil)
        #expect(refusal?.status == .unauthorized)
        #expect(refusal?.headers[.wwwAuthenticate] == "Bearer")
    }
}
