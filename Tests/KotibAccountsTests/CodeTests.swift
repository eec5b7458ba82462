import GRDB
import KotibCatalog
import KotibTestSupport
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(2))) struct CodeTests {
    @Test func aCodeLogsInOnce() async throws {
        let accounts = try await AccountsFixture()
        let code = try await accounts.code()
        let login = try await accounts.service.verify(phone: "+998 90 123-45-67", code: code, peer: "peer")
        #expect(login.session.user.phone == alice)
        #expect(login.session.user.folder == "998901234567")
        #expect(try await accounts.service.authenticate(login.token) == login.session)
        #expect(try accounts.folder.names(in: "inbox") == ["998901234567"])
        #expect(await accounts.error(code: code) == .wrongCode)
    }

    @Test func theThirdWrongTryEndsACode() async throws {
        let accounts = try await AccountsFixture()
        let code = try await accounts.code()
        for _ in 0..<2 { #expect(await accounts.error(code: wrong(code)) == .wrongCode) }
        #expect(await accounts.error(code: code) == nil)

        accounts.clock.advance(by: .seconds(31))
        let other = try await accounts.code()
        for _ in 0..<3 { #expect(await accounts.error(code: wrong(other)) == .wrongCode) }
        #expect(await accounts.error(code: other) == .wrongCode)
    }

    @Test(arguments: [(299, nil), (300, AccountError.wrongCode)])
    func aCodeLivesFiveMinutes(seconds: Int, outcome: AccountError?) async throws {
        let accounts = try await AccountsFixture()
        let code = try await accounts.code()
        accounts.clock.advance(by: .seconds(seconds))
        #expect(await accounts.error(code: code) == outcome)
    }

    @Test func aNewCodeReplacesTheOld() async throws {
        let accounts = try await AccountsFixture()
        let old = try await accounts.code()
        accounts.clock.advance(by: .seconds(31))
        let new = try await accounts.code()
        if old != new { #expect(await accounts.error(code: old) == .wrongCode) }
        #expect(await accounts.error(code: new) == nil)
    }

    @Test func aCodeIsForItsNumberOnly() async throws {
        let accounts = try await AccountsFixture()
        let code = try await accounts.code()
        #expect(await accounts.error(phone: "+998901234568", code: code) == .wrongCode)
        #expect(await accounts.error(code: code) == nil)
    }

    @Test func ofAThousandEqualTrialsOneIsRight() async throws {
        // No limits on guesses, which those that lose the race would hit.
        let accounts = try await AccountsFixture {
            let all = CodeLimits.Allowance(perDay: 2000, perMonth: 2000)
            ($0.limits.guessesByStrangers, $0.limits.guessesByStranger, $0.limits.guessesByPeers) =
                (all, all, all)
            ($0.limits.guessesPerPeer, $0.limits.tries) = (2000, 2000)
        }
        let code = try await accounts.code()
        let right = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<1000 { group.addTask { await accounts.error(code: code) == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(right == 1)
    }

    @Test func aDeactivatedUserGetsTheSameAnswerAndNoMessage() async throws {
        let accounts = try await AccountsFixture()
        let user = try await accounts.login().session.user
        let code = try await accounts.code()
        _ = try await accounts.service.change(user.id, UserChange(isActive: false))
        #expect(await accounts.error(code: code) == .wrongCode)
        accounts.clock.advance(by: .seconds(31))
        let before = accounts.sender.count
        try await accounts.service.sendCode(to: alice, peer: "peer")
        // The next message goes to another user.
        _ = try await accounts.code(for: "+998901234568")
        #expect(accounts.sender.count == before + 1)
    }

    @Test(arguments: [
        "", "12345", "1234567", "١٢٣٤٥٦", "12345６", "' OR 1=1 --", String(repeating: "1", count: 1 << 20),
    ])
    func rubbishIsWrong(code: String) async throws {
        let accounts = try await AccountsFixture()
        _ = try await accounts.code()
        #expect(await accounts.error(code: code) == .wrongCode)
    }

    @Test func neitherCatalogNorLogKnowsTheCode() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path("kotib.db")
        let accounts = try await AccountsFixture(folder: folder, catalog: .open(file))
        let code = try await accounts.code()
        _ = await accounts.error(code: wrong(code))
        try await accounts.catalog.close()
        let stored = try await DatabaseQueue(path: file).read {
            try String.fetchAll($0, sql: "SELECT otp_code FROM otp_tokens")
        }
        #expect(stored.count == 1 && !stored[0].contains(code))
        #expect(!accounts.log.all.contains { $0.contains(code) || $0.contains(alice.dropFirst()) })
    }

    @Test func codesAreEvenlySpread() {
        var random: any RandomNumberGenerator = SeededGenerator(seed: 7)
        var tens = [Int](repeating: 0, count: 10)
        for _ in 0..<10_000 {
            let code = OneTimeCodes.next(using: &random)
            #expect(code.utf8.count == 6)
            tens[Int(code.prefix(1)) ?? 0] += 1
        }
        // Five standard deviations of a binomial distribution are 150.
        #expect(tens.allSatisfy { (850...1150).contains($0) })
    }
}
