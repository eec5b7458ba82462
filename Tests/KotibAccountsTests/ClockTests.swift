import FoundationEssentials
import KotibCatalog
import KotibTestSupport
import Synchronization
import Testing

@testable import KotibAccounts

/// Threat 75: the wall clock steps by days, both ways, and the machine is started anew.
@Suite(.timeLimit(.minutes(1))) struct ClockTests {
    /// A machine on which somebody sets the clock.
    private final class Machine: SetClock {
        let clock = ManualClock()
        private let state = Mutex((ahead: 0.0, boot: 0, since: 0.0))

        /// Seconds by which the wall clock is wrong.
        func set(ahead: TimeInterval) { state.withLock { $0.ahead = ahead } }

        /// The boot clock begins anew.
        func reboot() {
            state.withLock { ($0.boot, $0.since) = ($0.boot + 1, clock.now.offset / .seconds(1)) }
        }

        var reading: ClockReading {
            let (ahead, boot, since) = state.withLock { $0 }
            var reading = clock.reading(ahead: ahead, boot: boot)
            reading.uptime -= since
            return reading
        }

        func accounts() async throws -> AccountsFixture {
            try await AccountsFixture(clock: clock, machine: self)
        }
    }

    private static let days = 86_400.0

    private func isAlive(_ login: Login, _ accounts: AccountsFixture) async -> Bool {
        (try? await accounts.service.authenticate(login.token)) != nil
    }

    private func isLimited(_ error: AccountError?) -> Bool {
        if case .tooManyLoginAttempts = error { true } else { false }
    }

    @Test(arguments: [1.0, 40, 4000]) func aCodeOfAClockThatWasAheadLivesFiveMinutes(days: Double)
        async throws
    {
        let machine = Machine()
        let accounts = try await machine.accounts()
        machine.set(ahead: days * Self.days)
        let code = try await accounts.code()
        machine.set(ahead: 0)
        machine.clock.advance(by: .seconds(300))
        #expect(await accounts.error(code: code) == .wrongCode)
    }

    @Test(arguments: [1.0, 40, 4000]) func aStepBackRevivesNoCode(days: Double) async throws {
        let machine = Machine()
        let accounts = try await machine.accounts()
        let code = try await accounts.code()
        machine.clock.advance(by: .seconds(300))
        machine.set(ahead: -days * Self.days)
        #expect(await accounts.error(code: code) == .wrongCode)
        machine.reboot()
        #expect(await accounts.error(code: code) == .wrongCode)
    }

    @Test func aCodeOutlivesAReboot() async throws {
        let machine = Machine()
        let accounts = try await machine.accounts()
        let code = try await accounts.code()
        machine.clock.advance(by: .seconds(200))
        machine.reboot()
        #expect(await accounts.error(code: code) == nil)
    }

    @Test(arguments: [1.0, 29, 40, 4000]) func aStepForthAndBackEndsNoSession(days: Double) async throws {
        let machine = Machine()
        let accounts = try await machine.accounts()
        let login = try await accounts.login()
        machine.set(ahead: days * Self.days)
        // Another user logs in meanwhile, which removes expired sessions and codes.
        _ = try await accounts.login("+998901234568")
        machine.set(ahead: 0)
        #expect(await isAlive(login, accounts))
        machine.set(ahead: -days * Self.days)
        _ = try await accounts.login("+998901234569")
        machine.set(ahead: 0)
        #expect(await isAlive(login, accounts))
    }

    @Test func aStepBackRevivesNoSession() async throws {
        let machine = Machine()
        let accounts = try await machine.accounts()
        let login = try await accounts.login()
        machine.clock.advance(by: .seconds(31 * Self.days))
        #expect(await !isAlive(login, accounts))
        machine.set(ahead: -20 * Self.days)
        #expect(await !isAlive(login, accounts))
        machine.reboot()
        #expect(await !isAlive(login, accounts))
    }

    /// A machine without a battery for its clock starts in 1970, or in a future, until NTP has set it.
    @Test(arguments: [-20_000.0, 40, 4000]) func aBootWithAWrongClockEndsNoSession(days: Double) async throws
    {
        let machine = Machine()
        let accounts = try await machine.accounts()
        let login = try await accounts.login()
        machine.reboot()
        machine.set(ahead: days * Self.days)
        _ = try await accounts.login("+998901234568")
        machine.set(ahead: 0)
        #expect(await isAlive(login, accounts))
        machine.clock.advance(by: .seconds(30 * Self.days))
        #expect(await !isAlive(login, accounts))
    }

    @Test(arguments: [40.0, -40]) func aStepForgetsNoGuess(days: Double) async throws {
        let machine = Machine()
        let accounts = try await machine.accounts()
        for round in 0..<7 {
            let code = try await accounts.code(peer: "\(round)")
            for _ in 0..<3 { _ = await accounts.error(code: wrong(code), peer: "\(round)") }
            machine.clock.advance(by: .seconds(31))
        }
        #expect(isLimited(await accounts.error(code: "000000", peer: "another")))
        machine.set(ahead: days * Self.days)
        #expect(isLimited(await accounts.error(code: "000000", peer: "another")))
        machine.set(ahead: 0)
        #expect(isLimited(await accounts.error(code: "000000", peer: "another")))
        machine.clock.advance(by: .seconds(Self.days))
        #expect(
            await accounts.error(code: "000000", peer: "another") == .wrongCode,
            "nor remembers one for longer")
    }

    /// While the clock is wrong by years nobody is locked out for years.
    @Test func limitsOfAClockThatWasAheadEndInTime() async throws {
        let machine = Machine()
        let accounts = try await machine.accounts()
        machine.set(ahead: 4000 * Self.days)
        for _ in 0..<5 {
            _ = try await accounts.code()
            machine.clock.advance(by: .seconds(31))
        }
        machine.set(ahead: 0)
        machine.reboot()
        await #expect(throws: AccountError.self) {
            try await accounts.service.sendCode(to: alice, peer: "peer")
        }
        machine.clock.advance(by: .seconds(Self.days))
        #expect(await accounts.error(code: try await accounts.code()) == nil)
    }
}
