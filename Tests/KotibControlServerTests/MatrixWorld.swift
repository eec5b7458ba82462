import Foundation
import GRDB
import HTTPTypes
import HummingbirdCore
import KotibLibrary
import KotibModel
import KotibTestSupport
import KotibTranscription
import Logging
import NIOCore
import Synchronization
import Testing

@testable import KotibAccounts
@testable import KotibCatalog
@testable import KotibControlServer

/// The callers and how they connect: ``AccessMatrixTests`` crosses them with every route.
enum Asker: String, CaseIterable {
    case nobody, owner, another, admin, root, daemon
    case deactivated, loggedOut, expired, forged
    case nobodyThroughProxy, ownerThroughProxy, anotherThroughProxy, rootThroughProxy, daemonThroughProxy
    /// Through a web server that runs as root but is not in the configuration.
    case rootForOthers

    /// The class of user that the daemon must recognize.
    enum CallerKind {
        case unknown, badToken, owner, another, admin, localOperator
    }

    var callerKind: CallerKind {
        switch self {
        case .nobody, .nobodyThroughProxy, .rootThroughProxy, .daemonThroughProxy, .rootForOthers: .unknown
        case .deactivated, .loggedOut, .expired, .forged: .badToken
        case .owner, .ownerThroughProxy: .owner
        case .another, .anotherThroughProxy: .another
        case .admin: .admin
        case .root, .daemon: .localOperator
        }
    }

    /// The user of the machine that connects.
    var peer: UInt32 {
        switch self {
        case .root, .rootThroughProxy, .rootForOthers: 0
        case .daemon, .daemonThroughProxy: MatrixWorld.daemon
        case .nobodyThroughProxy, .ownerThroughProxy, .anotherThroughProxy: MatrixWorld.proxy
        default: 1234
        }
    }

    /// The users that the configuration names as web servers in front.
    var proxies: Set<UInt32> {
        switch self {
        case .rootThroughProxy, .daemonThroughProxy: [0, MatrixWorld.daemon, MatrixWorld.proxy]
        default: [MatrixWorld.proxy]
        }
    }
}

/// The whole router with its authentication, over real accounts, a real catalog and a real folder that hold
/// one transcribed recording of ali's.
struct MatrixWorld: Sendable {
    static let daemon: UInt32 = 700
    static let proxy: UInt32 = 33

    let fixture: SocketFixture
    let owner: UserID
    let recording: RecordingID
    let revision: RevisionID
    private let tokens: [Asker: String]
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// - Parameter isArchived: whether the recording's audio lies in the archive.
    init(isArchived: Bool = false) async throws {
        let time = Mutex(Date().addingTimeInterval(-31 * 86_400))
        let clock = Clock(time: time)
        let fixture = try await SocketFixture { clock.now }
        self.fixture = fixture
        let accounts = fixture.accounts
        owner = try await accounts.add(name: "ali", phone: "+998900000001", role: .user).id
        _ = try await accounts.add(name: "vali", phone: "+998900000002", role: .user)
        _ = try await accounts.add(name: "boss", phone: "+998900000003", role: .admin)
        let gone = try await accounts.add(name: "gone", phone: "+998900000004", role: .admin).id
        var tokens = [Asker.expired: try await Self.login("+998900000001", fixture, clock.now).token]
        clock.set(Date())
        for (asker, digit) in [(Asker.owner, 1), (.another, 2), (.admin, 3), (.deactivated, 4)] {
            tokens[asker] = try await Self.login("+99890000000\(digit)", fixture, clock.now).token
        }
        let ended = try await Self.login("+998900000001", fixture, clock.now)
        tokens[.loggedOut] = ended.token
        try await accounts.logout(ended.session, everywhere: false)
        _ = try await accounts.change(gone, UserChange(isActive: false))
        tokens[.ownerThroughProxy] = tokens[.owner]
        tokens[.anotherThroughProxy] = tokens[.another]
        // Signed by another key, with everything else as it should be.
        let forger = try AccessTokens(key: SigningSecret(configured: Self.key).key("tokens"))
        tokens[.forged] = try forger.sign(
            "x", of: owner, issued: clock.now, expires: clock.now + 1000)
        self.tokens = tokens
        (recording, revision) = try await Self.transcribed(fixture, for: owner)
        if isArchived { try await fixture.catalog.untilArchived("ali/talk.wav", by: fixture.components) }
    }

    private static let key = "0123456789abcdefghijklmnopqrstuv"

    private final class Clock: Sendable {
        private let time: Mutex<Date>
        init(time: consuming Mutex<Date>) { self.time = time }
        var now: Date { time.withLock { $0 } }
        func set(_ date: Date) { time.withLock { $0 = date } }
    }

    /// Logs in with a code that was put into the catalog directly.
    private static func login(_ phone: String, _ fixture: SocketFixture, _ now: Date) async throws -> Login {
        let codes = OneTimeCodes(key: try SigningSecret(file: fixture.folder.path("secret")).key("codes"))
        var limits = CodeLimits()
        limits.pause = 0
        let number = try #require(PhoneNumber(phone))
        let request = CodeRequest(
            phone: phone, peer: "test", hash: codes.hash("123456", of: number), expires: now + 300,
            isAllowed: true)
        _ = try await fixture.catalog.codes.keep(
            request, limits: limits,
            at: ClockReading(wall: now, boot: "test", uptime: now.timeIntervalSince1970))
        return try await fixture.accounts.verify(phone: phone, code: "123456", peer: "test")
    }

    private static func transcribed(
        _ fixture: SocketFixture, for owner: UserID
    ) async throws -> (RecordingID, RevisionID) {
        let upload = try await fixture.parts.uploads.upload("talk.wav", to: owner)
        try await upload.write(Array("speech".utf8))
        guard case .accepted(let id) = try await upload.finish() else { throw CancellationError() }
        let queue = Task { await fixture.parts.queue.run() }
        try await waitUntil("its words lie beside it", within: .seconds(60)) {
            fixture.folder.read("inbox/ali/talk.wav.txt") != nil
        }
        // After this nothing writes any more.
        await fixture.parts.queue.stop()
        await queue.value
        return (id, try #require(try await fixture.catalog.listing.entry(id, in: .everyone)?.revision))
    }

    private static func router(_ fixture: SocketFixture, for asker: Asker) -> ControlRouter {
        var settings = fixture.settings
        settings.owner = Self.daemon
        settings.trustedProxies = asker.proxies
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return ControlRouter(settings: settings, parts: fixture.parts, logger: logger)
    }

    /// `GET /api/v1/audio/{id}` and all others, as the router itself has them.
    static func routes(of fixture: SocketFixture) -> [String] {
        router(fixture, for: .nobody).routes.endpoints.flatMap { endpoint in
            endpoint.handlers.keys.map { "\($0.rawValue) \(endpoint.path)" }
        }
    }

    /// - Parameter id: of the recording; nil for the one that there is.
    func ask(_ call: Call, as asker: Asker, recording id: Int64? = nil) async throws -> Answer {
        var headers = call.headers
        headers[.authorization] = tokens[asker].map { "Bearer \($0)" }
        if asker.proxies.contains(asker.peer), let name = HTTPField.Name("X-Real-IP") {
            headers[name] = "192.0.2.1"
        }
        if asker == .rootForOthers, let name = HTTPField.Name("X-Forwarded-For") {
            headers[name] = "192.0.2.1"
        }
        let path = call.path.replacing("{id}", with: "\(id ?? recording.rawValue)")
            .replacing("{revision}", with: "\(revision)").replacing("{user}", with: "\(owner)")
        let head = HTTPRequest(
            method: call.method, scheme: "http", authority: "kotib", path: path, headerFields: headers)
        let response = try await Self.router(fixture, for: asker).respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: call.body))),
            context: ControlContext(logger: logger, peer: asker.peer))
        let kept = BodyKeeper()
        // The stream of events never ends.
        if response.headers[.contentType] != "text/event-stream" { try await response.body.write(kept) }
        return Answer(status: response.status.code, headers: response.headers, text: kept.text)
    }

    /// Everything that a request can change: every row and every file.
    func state() async throws -> [String] {
        let rows = try await fixture.database.read { database in
            let tables = try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE TABLE%' ORDER BY name")
            return try tables.flatMap { table in
                try Row.fetchAll(database, sql: "SELECT * FROM \"\(table)\"").map { "\(table) \($0)" }
            }
        }
        let names = try fixture.folder.names(in: "inbox").flatMap { user in
            try fixture.folder.names(in: "inbox/\(user)").map { "inbox/\(user)/\($0)" }
        }
        return rows + names.map { "\($0) \(fixture.folder.read($0) ?? "")" }
    }
}

/// A request with `{id}`, `{revision}` and `{user}` in the place of numbers.
struct Call: Sendable {
    var method: HTTPRequest.Method
    var path: String
    var body = ""
    var headers: HTTPFields = [:]
}
