import FoundationEssentials
import GRDB
import Glibc
import HTTPTypes
import HummingbirdCore
import KotibCatalog
import KotibComponents
import KotibHealth
import KotibHooks
import KotibIntake
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibText
import KotibTranscription
import Logging
import NIOCore
import Synchronization
import Testing

@testable import KotibAccounts
@testable import KotibControlServer

/// The routes over a real catalog, real accounts and a real folder; the transport, the worker and the engine
/// are played.
struct ControlFixture: Sendable {
    let folder: TemporaryFolder
    let database: DatabaseQueue
    let catalog: Catalog
    let accounts: AccountService
    let dispatcher: SMSDispatcher
    let queue: TranscriptionQueue
    let parts: ControlDependencies
    /// How often a scan of the inbox was requested.
    let rescans: Rescans
    let routes: RouteTable
    private let logger: Logger

    init(
        engine: FakeEngine = FakeEngine(), ping: Duration = .seconds(15),
        issues: [HealthIssue] = [], watch: WatchReport = WatchReport(watchedFolders: 3, polledFolders: 0),
        hooks: [HookHealth] = []
    ) async throws {
        let rescans = Rescans()
        self.rescans = rescans
        folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        let disk = LocalFileSystem(try InboxRoot(path: folder.path("inbox")))
        logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let database = try DatabaseQueue()
        self.database = database
        let catalog = try Catalog(database)
        self.catalog = catalog
        dispatcher = SMSDispatcher(FileSender(path: folder.path("sms")), logger: logger)
        accounts = try await AccountService(
            AccountSettings(), secret: SigningSecret(file: folder.path("key")), catalog: catalog,
            inbox: UserFolderMaker(disk), dispatcher: dispatcher, logger: logger)
        let components = Components(
            files: disk, catalog: catalog, engines: [EngineLane(engine: engine)], inspector: NoInspector(),
            options: Components.Options(
                policy: IntakePolicy(extensions: ["wav"], maximumSize: 1000, maximumDuration: 60),
                language: .uzbek),
            logger: logger)
        queue = components.queue
        let (accounts, queue) = (accounts, queue)
        let board = IssueBoard(logger: logger)
        for issue in issues { board.report(issue) }
        parts = ControlDependencies(
            catalog: catalog, accounts: accounts, actions: components.actions,
            uploads: components.uploads, audio: components.audio, queue: queue,
            health: HealthSources(
                board: board, watch: { watch }, enginePause: { await queue.enginePause() },
                messageProblem: { accounts.messageProblem }),
            engineName: "local", version: "1.2.3",
            rescan: { rescans.add() }, hooks: { () async throws(CatalogError) in hooks })
        var api = RouteTable(prefix: "api/v1")
        AuthRoutes(parts: parts).add(to: &api)
        UserRoutes(parts: parts).add(to: &api)
        StatusRoutes(parts: parts).add(to: &api)
        EventRoute(parts: parts, ping: ping).add(to: &api)
        MetricsRoute(parts: parts).add(to: &api)
        OpenAPIRoute(parts: parts).add(to: &api)
        var routes = RouteTable()
        routes.add(api)
        MetricsRoute(parts: parts).add(to: &routes)
        OpenAPIRoute(parts: parts).add(to: &routes)
        self.routes = routes
    }

    func respond(
        _ method: HTTPRequest.Method, _ path: String, as caller: Caller?, body: String = "",
        headers: HTTPFields = [:]
    ) async throws -> Response {
        var context = ControlContext(logger: logger, peer: 1000)
        context.caller = caller
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "localhost", path: path, headerFields: headers)
        return try await routes.respond(
            to: Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body))), context: context)
    }

    /// The response: status and body.
    func ask(
        _ method: HTTPRequest.Method, _ path: String, as caller: Caller?, body: String = ""
    ) async throws -> Answer {
        let response = try await respond(method, path, as: caller, body: body)
        let kept = BodyKeeper()
        try await response.body.write(kept)
        return Answer(status: response.status.code, headers: response.headers, text: kept.text)
    }

    /// Why a request is refused; nil where it is not.
    func refusal(
        _ method: HTTPRequest.Method, _ path: String, as caller: Caller?, body: String = ""
    ) async throws -> ControlFailure? {
        do {
            _ = try await respond(method, path, as: caller, body: body)
            return nil
        } catch let failure as ControlFailure {
            return failure
        }
    }

    /// Logs in over the route with the code that the sender wrote.
    func verify(_ phone: String) async throws {
        let code = try await code(phone)
        let body = #"{"phone_number": "\#(phone)", "otp_code": "\#(code)"}"#
        #expect(try await ask(.post, "/api/v1/auth/verify_otp", as: nil, body: body).status == 200)
    }

    /// Logs in with the code that the sender wrote.
    func login(_ phone: String) async throws -> Caller {
        let code = try await code(phone)
        return .session(try await accounts.verify(phone: phone, code: code, peer: phone).session)
    }

    private func code(_ phone: String) async throws -> String {
        let sent = folder.read("sms")?.count ?? 0
        try await accounts.sendCode(to: phone, peer: phone)
        let sending = Task { await dispatcher.run() }
        defer { sending.cancel() }
        try await waitUntil("a code is sent") { (folder.read("sms")?.count ?? 0) > sent }
        let line = try #require(folder.read("sms")?.split(separator: "\n").last)
        return String(try #require(line.firstMatch(of: /: ([0-9]{6})\./)?.output.1))
    }

    /// A session as if the user had logged in.
    func user(_ name: String, _ role: Role = .user) async throws -> Session {
        let user = try await accounts.add(name: name, phone: nil, role: role)
        try await database.write { database in
            try database.execute(
                sql: "INSERT INTO access_tokens VALUES (:token, :user, '2026-01-01', '2126-01-01', 5e9)",
                arguments: ["token": name, "user": user.id.rawValue])
        }
        return Session(user: user, token: name)
    }

    /// A recording that was accepted into `path`.
    /// - Parameter isThere: whether its file is.
    @discardableResult
    func record(_ path: String, content: UInt8 = 1, isThere: Bool = false) async throws -> RecordingID {
        let facts = AudioFacts(
            mediaType: "audio/mpeg", container: "mp3", codec: "mp3", duration: 10, channels: 2,
            sampleRate: 44_100, sha256: Array(repeating: content, count: 32))
        let place = try #require(InboxPath(path))
        var identity = FileIdentity(device: 1, inode: UInt64(content), size: 1000, modified: 1, changed: 1)
        if isThere {
            try folder.makeFolder("inbox/ali")
            try folder.write("sound", to: "inbox/\(path)")
            let disk = LocalFileSystem(try InboxRoot(path: folder.path("inbox")))
            identity = try #require(try disk.examine(place)).identity
        }
        return try await catalog.ingest.accept(place, identity: identity, facts: facts).recording
    }
}

extension RouteTable {
    /// Answers without what the router puts before each route: errors are thrown.
    func respond(to request: Request, context: ControlContext) async throws -> Response {
        var context = context
        let handler = handler(of: request, &context)
        return try await handler(request, context)
    }
}

final class Rescans: Sendable {
    private let number = Mutex(0)
    var count: Int { number.withLock { $0 } }
    func add() { number.withLock { $0 += 1 } }
}

struct Answer: Hashable, Sendable {
    var status: Int
    var headers: HTTPFields
    var text: String

    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

/// Keeps what a body writes, also while it does.
final class BodyKeeper: ResponseBodyWriter, Sendable {
    private let kept = Mutex("")
    var text: String { kept.withLock { $0 } }

    func write(_ buffer: ByteBuffer) async throws {
        kept.withLock { $0 += String(buffer: buffer) }
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// An inspector that is never called: these tests put no files into the folder.
private struct NoInspector: Inspecting {
    func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        after earlier: SoundIdentity?, takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult { .refused(.unreadable) }
}

extension HealthSources {
    /// No problems and no activity.
    static let still = HealthSources(
        board: IssueBoard(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
        watch: { WatchReport(watchedFolders: 1, polledFolders: 0) }, enginePause: { nil },
        messageProblem: { nil })
}
