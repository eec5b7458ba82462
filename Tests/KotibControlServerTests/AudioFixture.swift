import FoundationEssentials
import GRDB
import HTTPTypes
import HummingbirdCore
import KotibArchive
import KotibCatalog
import KotibComponents
import KotibHealth
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

@testable import KotibAccounts
@testable import KotibControlServer

/// The recordings' routes over a real folder and a real catalog; only the worker and the engine are played.
struct AudioFixture: Sendable {
    static let largest: Int64 = 200_000

    let folder: TemporaryFolder
    /// Below it, `archive`.
    let place: TemporaryFolder
    let components: Components
    let parts: ControlDependencies
    let routes: RouteTable
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(
        quotas: Quotas = Quotas(), endings: Set<AudioFileExtension> = AudioFileExtension.all
    ) async throws {
        folder = try TemporaryFolder()
        place = try TemporaryFolder()
        try place.makeFolder("archive")
        let disk = LocalFileSystem(try InboxRoot(path: folder.path))
        let catalog = try Catalog(DatabaseQueue())
        var options = Components.Options(
            policy: IntakePolicy(extensions: ["wav"], maximumSize: Self.largest, maximumDuration: 60),
            language: .english)
        options.quotas = quotas
        options.archive = ArchiveFolder(path: place.path("archive"))
        components = Components(
            files: disk, catalog: catalog, engines: [EngineLane(engine: FakeEngine(words: "Hello there."))],
            inspector: TrustingInspector(), options: options, logger: logger)
        let accounts = try await AccountService(
            AccountSettings(), secret: SigningSecret(configured: String(repeating: "secret ", count: 8)),
            catalog: catalog, inbox: UserFolderMaker(disk),
            dispatcher: SMSDispatcher(FileSender(path: folder.path + "/sms"), logger: logger), logger: logger)
        parts = ControlDependencies(
            catalog: catalog, accounts: accounts, actions: components.actions,
            uploads: components.uploads, audio: components.audio, queue: components.queue,
            health: .still, engineName: "local",
            version: "test", quotas: quotas, endings: endings)
        var routes = RouteTable(prefix: "api/v1")
        AudioListRoute(parts: parts).add(to: &routes)
        AudioRoutes(parts: parts).add(to: &routes)
        RevisionRoutes(parts: parts).add(to: &routes)
        TranscriptRoute(parts: parts).add(to: &routes)
        AudioFileRoute(parts: parts).add(to: &routes)
        UploadRoute(parts: parts, limit: Int(Self.largest) + 65_536).add(to: &routes)
        self.routes = routes
    }

    func user(_ name: String, role: Role = .user) async throws -> Caller {
        let user = try await parts.accounts.add(name: name, phone: nil, role: role)
        return .session(Session(user: user, token: "token of \(name)"))
    }

    /// Has everything archived that is transcribed.
    func archive(_ name: String) async throws {
        try await parts.catalog.untilArchived(name, by: components)
    }

    /// Runs `body` beside the queue, then stops that and waits for its end.
    func transcribing(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await parts.queue.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            try result.get()
        }
    }
}

extension AudioFixture {
    struct Answer {
        var status: HTTPResponse.Status
        var headers: HTTPFields
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func decoded<Body: Decodable>(_ type: Body.Type) throws -> Body {
            try JSONDecoder().decode(type, from: Data(body))
        }
    }

    /// - Parameter path: below `/api/v1/audio/`.
    func call(
        _ method: HTTPRequest.Method, _ path: String, as caller: Caller?, _ body: [UInt8] = [],
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        let request = Request(
            head: HTTPRequest(
                method: method, scheme: nil, authority: nil, path: "/api/v1/audio/\(path)",
                headerFields: headers),
            body: RequestBody(buffer: ByteBuffer(bytes: body)))
        var context = ControlContext(logger: logger, peer: 1)
        context.caller = caller
        do {
            let response = try await routes.respond(to: request, context: context)
            let written = Written()
            try await response.body.write(written)
            return Answer(status: response.status, headers: response.headers, body: written.bytes)
        } catch let failure as ControlFailure {
            let body = try JSONEncoder().encode(failure.body(in: context.language))
            return Answer(status: failure.status, headers: failure.headers, body: Array(body))
        }
    }

    func upload(
        _ content: String, as name: String, by caller: Caller, query: String = "", field: String = "file"
    ) async throws -> Answer {
        let form =
            "--edge\r\nContent-Disposition: form-data; name=note\r\n\r\nignored\r\n--edge\r\n"
            + "Content-Disposition: form-data; name=\"\(field)\"; filename=\"\(name)\"\r\n\r\n\(content)"
            + "\r\n--edge--\r\n"
        return try await call(
            .post, "upload\(query)", as: caller, Array(form.utf8),
            headers: [.contentType: "multipart/form-data; boundary=\"edge\""])
    }
}
