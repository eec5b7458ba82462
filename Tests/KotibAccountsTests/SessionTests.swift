import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibAccounts

/// Events that end a session at once.
@Suite(.timeLimit(.minutes(1))) struct SessionTests {
    private func isAlive(_ login: Login, _ accounts: AccountsFixture) async -> Bool {
        (try? await accounts.service.authenticate(login.token)) != nil
    }

    @Test func logoutEndsThisOneOrAll() async throws {
        let accounts = try await AccountsFixture()
        let logins = [try await accounts.login(), try await accounts.login(), try await accounts.login()]
        let stranger = try await accounts.login("+998901234568")
        try await accounts.service.logout(logins[0].session, everywhere: false)
        #expect(await !isAlive(logins[0], accounts))
        #expect(await isAlive(logins[1], accounts))
        try await accounts.service.logout(logins[1].session, everywhere: true)
        #expect(await !isAlive(logins[1], accounts))
        #expect(await !isAlive(logins[2], accounts))
        #expect(await isAlive(stranger, accounts))
    }

    @Test func itsTimeEndsIt() async throws {
        let accounts = try await AccountsFixture { $0.tokenLife = .seconds(100) }
        let login = try await accounts.login()
        #expect(await isAlive(login, accounts))
        accounts.clock.advance(by: .seconds(69))
        #expect(await !isAlive(login, accounts))
    }

    @Test func deactivationEndsItForGood() async throws {
        let accounts = try await AccountsFixture()
        let login = try await accounts.login()
        let id = login.session.user.id
        _ = try await accounts.service.change(id, UserChange(isActive: false))
        #expect(await !isAlive(login, accounts))
        _ = try await accounts.service.change(id, UserChange(isActive: true))
        #expect(await !isAlive(login, accounts))
    }

    @Test func aNewRoleIsSeenAtOnce() async throws {
        let accounts = try await AccountsFixture()
        let login = try await accounts.login()
        #expect(login.session.scope == .only(login.session.user.id))
        _ = try await accounts.service.change(login.session.user.id, UserChange(role: .admin))
        #expect(try await accounts.service.authenticate(login.token).scope == .everyone)
    }

    @Test func aTokenOfAnotherSecretIsNobodys() async throws {
        let accounts = try await AccountsFixture()
        let login = try await accounts.login()
        let secret = try SigningSecret(configured: key + "!")
        let others = AccessTokens(key: secret.key("tokens"))
        let forged = try others.sign(
            login.session.token, of: login.session.user.id, issued: accounts.clock.date,
            expires: accounts.clock.date + 100)
        #expect(await !isAlive(Login(token: forged, session: login.session, isNew: false), accounts))
    }

    /// The old number may be somebody else's by now.
    @Test(arguments: ["+998907654321", ""])
    func anotherNumberEndsEverySession(_ phone: String) async throws {
        let accounts = try await AccountsFixture()
        let login = try await accounts.login()
        _ = try await accounts.service.change(login.session.user.id, UserChange(phone: alice))
        #expect(await isAlive(login, accounts), "it is the same number")
        let code = try await accounts.code()
        _ = try await accounts.service.change(login.session.user.id, UserChange(phone: phone))
        #expect(await !isAlive(login, accounts))
        #expect(await accounts.error(code: code) == .wrongCode, "nor is its code good")
    }

    @Test func configuredAdminsGetTheirRole() async throws {
        let admin = try #require(PhoneNumber(alice))
        let accounts = try await AccountsFixture { $0.admins = [admin] }
        #expect(try await accounts.login().session.user.role == .admin)
        #expect(try await accounts.login("+998901234568").session.user.role == .user)
    }
}
