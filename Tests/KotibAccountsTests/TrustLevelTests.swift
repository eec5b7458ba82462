import FoundationEssentials
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibAccounts
@testable import KotibCatalog

/// A stranger's failures bound strangers, and not who is known; and all of them together bound a number's
/// guesses.
@Suite(.timeLimit(.minutes(3))) struct TrustLevelTests {
    private func isLimited(_ error: AccountError?) -> Bool {
        if case .tooManyLoginAttempts = error { true } else { false }
    }

    /// Only the limits of the number itself apply; those per address and in total are lifted.
    private func unhurried() async throws -> AccountsFixture {
        try await AccountsFixture {
            ($0.limits.codesPerMinute, $0.limits.codesPerPeer) = (1_000_000, 1_000_000)
            $0.limits.messagesPerDay = 1_000_000
        }
    }

    /// Asks for codes and guesses at them from more and more addresses, for days.
    private func guess(
        _ accounts: AccountsFixture, days: Int, peer: (Int) -> String = { "stranger \($0)" },
        device: UserID? = nil
    ) async throws -> [Double] {
        let start = accounts.clock.date
        var (guesses, number): ([Double], Int) = ([], 0)
        for _ in 0..<days * 24 {
            for _ in 0..<3 {
                number += 1
                let name = peer(number)
                let isSent =
                    (try? await accounts.service.sendCode(to: alice, peer: name, device: device)) != nil
                guard isSent else { continue }
                try await waitUntil("the code is sent") { accounts.sender.count > 0 }
                let right = accounts.sender.texts(to: alice).last ?? "000000"
                for guess in 0..<4 {
                    let error = await accounts.error(
                        code: wrong(right), peer: guess < 2 ? name : peer(number + guess), device: device)
                    // The fourth is for a code that has ended: it cannot be right.
                    if error == .wrongCode && guess < 3 {
                        guesses.append(accounts.clock.date.timeIntervalSince(start))
                    }
                }
                accounts.clock.advance(by: .seconds(31))
            }
            accounts.clock.advance(by: .seconds(3600))
        }
        return guesses
    }

    private func most(_ guesses: [Double], within window: Double) -> Int {
        guesses.map { end in guesses.count { $0 > end - window && $0 <= end } }.max() ?? 0
    }

    /// The figure of the threats' table: at most 3×10^-5 a day and 10^-4 in 30 days for one number, whatever
    /// an attacker with any number of addresses does. One guess is right with 10^-6. Strangers have 20 and 60
    /// of the 30 and 100.
    @Test func sixtyDaysOfStrangersGuessingAreSixtyGuessesIn30() async throws {
        let guesses = try await guess(try await unhurried(), days: 60)
        #expect((1...20).contains(most(guesses, within: 86_400)))
        #expect(most(guesses, within: 30 * 86_400) == 60)
        #expect(guesses.count <= 121)
    }

    /// An attacker who also shares the owner's address and has stolen one of their tokens.
    @Test func allTogetherHaveHundredGuessesIn30Days() async throws {
        let accounts = try await unhurried()
        let user = try await accounts.login(peer: "home").session.user.id
        let start = accounts.clock.date
        var guesses: [Double] = []
        for day in 0..<40 {
            for round in 0..<24 {
                let ways: [(peer: String, device: UserID?)] = [
                    ("stranger \(day) \(round)", nil), ("home", nil), ("thief \(day) \(round)", user),
                ]
                for way in ways {
                    guard
                        (try? await accounts.service.sendCode(to: alice, peer: way.peer, device: way.device))
                            != nil
                    else { continue }
                    let right = try #require(accounts.sender.texts(to: alice).last)
                    for _ in 0..<3 {
                        let error = await accounts.error(
                            code: wrong(right), peer: way.peer, device: way.device)
                        if error == .wrongCode {
                            guesses.append(accounts.clock.date.timeIntervalSince(start))
                        }
                    }
                    accounts.clock.advance(by: .seconds(31))
                }
                accounts.clock.advance(by: .seconds(3600 - 93))
            }
        }
        // This counts answers "wrong", also to codes that had expired: no less than the guesses that could be
        // right.
        #expect(guesses.count > 100)
        let attempts = try await accounts.liveGuesses()
        #expect(most(attempts, within: 86_400) <= 30)
        #expect(most(attempts, within: 30 * 86_400) <= 100)
        #expect(most(attempts, within: 30 * 86_400) >= 90, "or the attacker did not try")
    }

    /// Hundred wrong guesses locked a number's owner out for 24 days.
    @Test func guessingLocksOutNoKnownPeer() async throws {
        let accounts = try await unhurried()
        let user = try await accounts.login(peer: "home").session.user.id
        _ = try await guess(accounts, days: 6)
        #expect(isLimited(await accounts.error(code: "000000", peer: "stranger")))
        // From an address from which the user has logged in before.
        let code = try await accounts.code(peer: "home")
        #expect(await accounts.error(code: code, peer: "home") == nil)
        accounts.clock.advance(by: .seconds(31))
        // From any address, with a device that has one of the user's tokens.
        let other = try await accounts.code(peer: "abroad", device: user)
        #expect(await accounts.error(code: other, peer: "abroad", device: user) == nil)
        accounts.clock.advance(by: .seconds(31))
        // A token of somebody else is no help.
        let stranger = try await accounts.login("+998901234568", peer: "elsewhere").session.user.id
        #expect(isLimited(await accounts.error(code: "000000", peer: "somewhere", device: stranger)))
    }

    /// A known caller got 429 for an hour, because a stranger at the same address had guessed at any number.
    @Test func guessingAtTheSameAddressLocksOutNobodyKnown() async throws {
        let accounts = try await AccountsFixture()
        let user = try await accounts.login(peer: "home").session.user.id
        let abroad = try await accounts.code(peer: "abroad", device: user)
        for _ in 0..<accounts.service.settings.limits.guessesPerPeer {
            #expect(await accounts.error(phone: "+998901234568", code: "000000", peer: "home") == .wrongCode)
            #expect(
                await accounts.error(phone: "+998901234568", code: "000000", peer: "abroad") == .wrongCode)
        }
        // Without the device, and at another's number, it is a stranger still.
        #expect(isLimited(await accounts.error(code: abroad, peer: "abroad")))
        #expect(isLimited(await accounts.error(phone: "+998901234568", code: "000000", peer: "home")))
        #expect(await accounts.error(code: abroad, peer: "abroad", device: user) == nil)
        accounts.clock.advance(by: .seconds(31))
        let home = try await accounts.code(peer: "home")
        #expect(await accounts.error(code: home, peer: "home") == nil)
    }

    /// The same of codes.
    @Test func askingAtTheSameAddressLocksOutNobodyKnown() async throws {
        let accounts = try await AccountsFixture { $0.limits.codesPerMinute = 1_000_000 }
        let user = try await accounts.login(peer: "home").session.user.id
        for number in 0..<accounts.service.settings.limits.codesPerPeer {
            // The owner's login was the first at home.
            if number > 0 {
                try await accounts.service.sendCode(to: "+99890\(2_000_000 + number)", peer: "home")
            }
            try await accounts.service.sendCode(to: "+99890\(3_000_000 + number)", peer: "abroad")
        }
        #expect(await accounts.error(code: try await accounts.code(peer: "home"), peer: "home") == nil)
        accounts.clock.advance(by: .seconds(31))
        let code = try await accounts.code(peer: "abroad", device: user)
        #expect(await accounts.error(code: code, peer: "abroad", device: user) == nil)
        for peer in ["home", "abroad"] {
            let error = await #expect(throws: AccountError.self) {
                try await accounts.service.sendCode(to: "+998901234569", peer: peer)
            }
            #expect(isLimited(error))
        }
    }

    @Test func oneStrangerLeavesTheOthersTheirTries() async throws {
        let accounts = try await unhurried()
        _ = try await guess(accounts, days: 6, peer: { _ in "attacker" })
        #expect(isLimited(await accounts.error(code: "000000", peer: "attacker")))
        // The owner, who has never been here.
        let code = try await accounts.code(peer: "owner")
        #expect(await accounts.error(code: code, peer: "owner") == nil)
    }

    /// While the owner looks at the message, somebody else spends the code's three tries.
    @Test func strangersDoNotEndACodeForWhoIsKnown() async throws {
        let accounts = try await unhurried()
        _ = try await accounts.login(peer: "home")
        let code = try await accounts.code(peer: "home")
        for _ in 0..<3 { #expect(await accounts.error(code: wrong(code), peer: "attacker") == .wrongCode) }
        #expect(await accounts.error(code: code, peer: "attacker") == .wrongCode)
        #expect(await accounts.error(code: code, peer: "home") == nil)
    }

    @Test func aNeighbourDoesNotEndACodeForTheDevice() async throws {
        let accounts = try await unhurried()
        let user = try await accounts.login(peer: "home").session.user.id
        let code = try await accounts.code(peer: "home", device: user)
        for _ in 0..<9 { _ = await accounts.error(code: wrong(code), peer: "home") }
        #expect(await accounts.error(code: code, peer: "home") == .wrongCode)
        #expect(await accounts.error(code: code, peer: "home", device: user) == nil)
    }

    @Test func aPeerIsKnownForAQuarterOfAYearAndToOneNumber() async throws {
        let accounts = try await unhurried()
        _ = try await accounts.login(peer: "home")
        _ = try await guess(accounts, days: 6)
        #expect(await accounts.error(code: "000000", peer: "home") == .wrongCode)
        // No other user is known at that address.
        _ = try await accounts.login("+998901234568", peer: "elsewhere")
        #expect(isLimited(await accounts.error(code: "000000", peer: "elsewhere")))
        accounts.clock.advance(by: .seconds(91 * 86_400))
        _ = try await guess(accounts, days: 6)
        #expect(isLimited(await accounts.error(code: "000000", peer: "home")))
    }

    @Test func anotherNumberKnowsNobodyYet() async throws {
        let accounts = try await unhurried()
        let user = try await accounts.login(peer: "home").session.user.id
        _ = try await accounts.service.change(user, UserChange(phone: "+998907654321"))
        _ = try await accounts.service.change(user, UserChange(phone: alice))
        _ = try await guess(accounts, days: 6)
        #expect(isLimited(await accounts.error(code: "000000", peer: "home")))
    }

    /// `kotibctl user activate`, though the user is active, and `kotibctl user link` with the same number.
    @Test func anAdministratorsWordBeginsAnew() async throws {
        let accounts = try await unhurried()
        let user = try await accounts.login(peer: "home").session.user
        for change in [UserChange(isActive: true), UserChange(phone: alice)] {
            _ = try await guess(accounts, days: 6)
            #expect(isLimited(await accounts.error(code: "000000", peer: "abroad")))
            _ = try await accounts.service.change(user.id, change)
            let code = try await accounts.code(peer: "abroad")
            #expect(await accounts.error(code: code, peer: "abroad") == nil)
            accounts.clock.advance(by: .seconds(91 * 86_400))
        }
    }

    @Test func timeForgives() async throws {
        let accounts = try await unhurried()
        _ = try await guess(accounts, days: 6)
        accounts.clock.advance(by: .seconds(30 * 86_400))
        #expect(await accounts.error(code: try await accounts.code()) == nil)
    }

    /// Threat 71: what strangers leave does not grow without end.
    @Test func guessesInVainAreKeptForAnHourAndNoMoreThanSome() async throws {
        let accounts = try await AccountsFixture()
        for number in 0..<CodeStore.maxVainGuesses + 500 {
            _ = await accounts.error(phone: "+99890\(1_000_000 + number)", code: "000000", peer: "\(number)")
        }
        #expect(try await accounts.attempts() <= CodeStore.maxVainGuesses + 64)
        accounts.clock.advance(by: .seconds(3601))
        _ = await accounts.error(code: "000000")
        #expect(try await accounts.attempts() == 1)
    }

    /// A code that is not sent, for want of a country or of an active user, is nobody's to guess.
    @Test func unsentCodeNeverMatches() async throws {
        let accounts = try await unhurried()
        let abroad = "+442071838750"
        try await accounts.service.sendCode(to: abroad, peer: "peer")
        #expect(try await accounts.keptCodes() == [""])
    }
}
