import FoundationEssentials
import GRDB
import KotibModel
import KotibPOSIX
import KotibTestSupport
import Logging
import Synchronization
import Testing

@testable import KotibAccounts
@testable import KotibCatalog

let alice = "+998901234567"
let key = "0123456789abcdefghijklmnopqrstuv"

/// Keeps messages instead of sending them.
final class RecordingSender: SMSSender {
    private let sent = Mutex<[(phone: PhoneNumber, text: String)]>([])
    private let failures: Mutex<[SMSError]>

    /// - Parameter failures: what the first attempts end with.
    init(failures: [SMSError] = []) {
        self.failures = Mutex(failures)
    }

    var count: Int { sent.withLock { $0.count } }

    /// All messages that were sent to a number.
    func texts(to phone: String) -> [String] {
        sent.withLock { $0.filter { $0.phone.text == phone }.map(\.text) }
    }

    func send(_ text: String, to phone: PhoneNumber) async throws(SMSError) {
        if let error = failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw error }
        sent.withLock { $0.append((phone, text)) }
    }
}

/// Accounts with a catalog, an inbox and a dispatcher of their own. Messages hold the code and nothing else.
final class AccountsFixture: Sendable {
    let folder: TemporaryFolder
    let catalog: Catalog
    /// The catalog's, unless that came from outside.
    private let database: DatabaseQueue
    let service: AccountService
    let sender = RecordingSender()
    let clock: ManualClock
    let log: LogRecorder
    private let dispatching: Task<Void, Never>?

    /// - Parameters:
    ///   - catalog: nil for one in memory.
    ///   - isSending: false for a dispatcher that stands still.
    ///   - machine: on which somebody sets the clock; nil where nobody does.
    init(
        folder: TemporaryFolder? = nil, catalog: Catalog? = nil, clock: ManualClock = ManualClock(),
        isSending: Bool = true, machine: (any SetClock)? = nil,
        _ change: (inout AccountSettings) -> Void = { _ in }
    ) async throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        let queue = try DatabaseQueue()
        database = queue
        let catalog = try catalog ?? Catalog(queue)
        self.catalog = catalog
        self.clock = clock
        try folder.makeFolder("inbox")
        let (logger, log) = recordingLogger()
        self.log = log
        let dispatcher = SMSDispatcher(
            sender, clock: clock, now: { machine?.reading.wall ?? clock.date }, logger: logger)
        dispatching = isSending ? Task { await dispatcher.run() } : nil
        var settings = AccountSettings()
        settings.text = CodeMessage(template: "{code}")
        change(&settings)
        service = try await AccountService(
            settings, secret: SigningSecret(configured: key), catalog: catalog,
            inbox: UserFolderMaker(LocalFileSystem(InboxRoot(path: folder.path("inbox")))),
            dispatcher: dispatcher, logger: logger, clock: { machine?.reading ?? clock.reading() })
    }

    deinit { dispatching?.cancel() }

    /// Asks for a code and waits until it has arrived.
    func code(
        for phone: String = alice, peer: String = "peer", device: UserID? = nil
    ) async throws -> String {
        let before = sender.texts(to: phone).count
        try await service.sendCode(to: phone, peer: peer, device: device)
        try await waitUntil("a code arrives") { sender.texts(to: phone).count > before }
        return try #require(sender.texts(to: phone).last)
    }

    func login(_ phone: String = alice, peer: String = "peer") async throws -> Login {
        let login = try await service.verify(phone: phone, code: code(for: phone, peer: peer), peer: peer)
        clock.advance(by: .seconds(31))
        return login
    }

    /// The error of an attempt to log in; nil where it succeeds.
    func error(
        phone: String = alice, code: String, peer: String = "peer", device: UserID? = nil
    ) async -> AccountError? {
        do throws(AccountError) {
            _ = try await service.verify(phone: phone, code: code, peer: peer, device: device)
            return nil
        } catch {
            return error
        }
    }
}

/// A machine whose clock is set, and that is started anew.
protocol SetClock: Sendable {
    var reading: ClockReading { get }
}

extension ManualClock {
    /// - Parameters:
    ///   - ahead: seconds by which the wall clock is set wrongly.
    ///   - boot: the how manieth since the clock was made.
    func reading(ahead: TimeInterval = 0, boot: Int = 0) -> ClockReading {
        ClockReading(wall: date + ahead, boot: "boot \(boot)", uptime: now.offset / .seconds(1))
    }
}

extension AccountsFixture {
    func attempts() async throws -> Int {
        try await database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM account_attempts") ?? 0 }
    }

    func keptCodes() async throws -> [String] {
        try await database.read { try String.fetchAll($0, sql: "SELECT otp_code FROM otp_tokens") }
    }

    /// When somebody tried what could have been right, of what is kept still.
    func liveGuesses() async throws -> [Double] {
        try await database.read {
            try Double.fetchAll(
                $0, sql: "SELECT at FROM account_attempts WHERE kind = 'guess' AND could_be_right = 1")
        }
    }
}

/// Six digits that are not `code`.
func wrong(_ code: String) -> String {
    code == "000000" ? "000001" : "000000"
}
