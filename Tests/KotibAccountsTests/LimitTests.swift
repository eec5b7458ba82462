import FoundationEssentials
import KotibCatalog
import KotibTestSupport
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(3))) struct LimitTests {
    private func isLimited(_ error: AccountError?) -> Bool {
        if case .tooManyLoginAttempts = error { true } else { false }
    }

    private func refusal(
        _ accounts: AccountsFixture, _ phone: String = alice, peer: String = "peer"
    ) async -> AccountError? {
        do throws(AccountError) {
            try await accounts.service.sendCode(to: phone, peer: peer)
            return nil
        } catch {
            return error
        }
    }

    @Test func tenThousandNumbersGetNoMoreThanTheDaysMessages() async throws {
        let accounts = try await AccountsFixture {
            $0.limits.messagesPerDay = 50
            ($0.limits.codesPerMinute, $0.limits.codesPerPeer) = (25_000, 25_000)
        }
        let (kept, spent) = await withTaskGroup(of: AccountError?.self) { group in
            for number in 0..<10_000 {
                group.addTask { await refusal(accounts, "+99890\(1_000_000 + number)", peer: "\(number)") }
            }
            return await group.reduce(into: (0, 0)) { counts, error in
                if error == nil { counts.0 += 1 }
                if error == .notSent { counts.1 += 1 }
            }
        }
        #expect((kept, spent) == (40, 9960), "a fifth is for who is known")
        try await waitUntil("all are sent") { accounts.sender.count == 40 }
    }

    @Test func theDefaultsStopABurstAfterAMinutesWorth() async throws {
        let accounts = try await AccountsFixture()
        var refused = 0
        for number in 0..<100 {
            let error = await refusal(accounts, "+99890\(1_000_000 + number)", peer: "\(number)")
            if isLimited(error) { refused += 1 }
        }
        #expect(refused == 52, "of 60 a fifth is for who is known")
    }

    @Test func aNumberWaitsBetweenCodesAndHasTenADay() async throws {
        let accounts = try await AccountsFixture()
        for round in 0..<10 {
            #expect(await refusal(accounts, peer: "\(round / 5)") == nil)
            #expect(await refusal(accounts) == .tooManyLoginAttempts(retryAfter: .seconds(30)))
            accounts.clock.advance(by: .seconds(400))
            if round == 4 { #expect(isLimited(await refusal(accounts, peer: "0")), "it has had its half") }
        }
        #expect(await refusal(accounts) == .tooManyLoginAttempts(retryAfter: .seconds(86_400 - 4000)))
        accounts.clock.advance(by: .seconds(86_400 - 4000))
        #expect(await refusal(accounts) == nil)
    }

    @Test func aPeerHasTwentyCodesAnHour() async throws {
        let accounts = try await AccountsFixture()
        for number in 0..<20 { #expect(await refusal(accounts, "+99890\(1_000_000 + number)") == nil) }
        #expect(isLimited(await refusal(accounts)))
        #expect(await refusal(accounts, peer: "another") == nil)
    }

    @Test(arguments: [(["+998"], false), ([], false), (["+99890", "+44"], true), (["+"], true)])
    func onlyNamedCountriesGetMessages(countries: [String], isSent: Bool) async throws {
        let accounts = try await AccountsFixture { $0.countries = countries + ["+99895"] }
        let abroad = "+442071838750"
        #expect(await refusal(accounts, abroad) == nil)
        _ = try await accounts.code(for: "+998951234567")
        if isSent {
            try await waitUntil("it is sent") { accounts.sender.count == 2 }
        } else {
            #expect(accounts.sender.texts(to: abroad).isEmpty)
        }
    }

    @Test func newCodesAndRestartsGiveNoMoreGuesses() async throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock()
        var wrongTries = 0
        // In each round the attacker asks for a new code and the daemon is restarted.
        for round in 0..<9 {
            let accounts = try await AccountsFixture(
                folder: folder, catalog: .open(folder.path("kotib.db")), clock: clock)
            let code = try await accounts.code(peer: "\(round)")
            for _ in 0..<3 where await accounts.error(code: wrong(code), peer: "\(round)") == .wrongCode {
                wrongTries += 1
            }
            if wrongTries == 20 { #expect(isLimited(await accounts.error(code: code))) }
            clock.advance(by: .seconds(31))
            try await accounts.catalog.close()
        }
        #expect(wrongTries == 20)
    }

    @Test func aPeersGuessesCountOverAllNumbers() async throws {
        let accounts = try await AccountsFixture { $0.limits.guessesPerPeer = 5 }
        for number in 0..<5 {
            let phone = "+99890\(1_000_000 + number)"
            #expect(await accounts.error(phone: phone, code: "000000") == .wrongCode)
        }
        #expect(isLimited(await accounts.error(code: "000000")))
        #expect(await accounts.error(code: "000000", peer: "another") == .wrongCode)
    }

    /// Guesses at a number that has asked for no code lock nobody else out.
    @Test func guessesWithoutACodeCountOnlyAgainstWhoMakesThem() async throws {
        let accounts = try await AccountsFixture()
        for number in 0..<200 {
            #expect(await accounts.error(code: "000000", peer: "\(number)") == .wrongCode)
        }
        #expect(await accounts.error(code: try await accounts.code()) == nil)
        for _ in 0..<60 { #expect(await accounts.error(code: "000000", peer: "attacker") == .wrongCode) }
        #expect(isLimited(await accounts.error(code: "000000", peer: "attacker")))
    }

    @Test func aFullQueueIsToldToEverybody() async throws {
        let accounts = try await AccountsFixture(isSending: false) {
            ($0.limits.codesPerMinute, $0.limits.codesPerPeer) = (20_000, 20_000)
        }
        for number in 0..<SMSDispatcher.capacity {
            #expect(await refusal(accounts, "+99890\(1_000_000 + number)") == nil)
        }
        #expect(await refusal(accounts, alice) == .notSent)
        #expect(await refusal(accounts, "+442071838750") == .notSent)
        #expect(accounts.log.all.contains { $0.contains("too many messages queued") })
    }
}
