import Foundation
import GRDB
import Glibc
import KotibAccounts
import KotibArchive
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
import ServiceLifecycle

@testable import KotibCatalog
@testable import KotibControlServer

/// A control server on a real socket, over a real catalog, folder and accounts; only worker and engine are
/// played.
struct SocketFixture: Sendable {
    let folder: TemporaryFolder
    let database: DatabaseQueue
    let catalog: Catalog
    let accounts: AccountService
    let dispatcher: SMSDispatcher
    let components: Components
    let parts: ControlDependencies
    var settings: ControlServer.Settings

    var socket: String { settings.path }

    /// - Parameter now: the wall clock of accounts.
    init(connections: Int = 64, now: @escaping @Sendable () -> Date = { Date() }) async throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inbox/ali")
        try folder.makeFolder("archive")
        let files = LocalFileSystem(try InboxRoot(path: folder.path("inbox")))
        database = try DatabaseQueue()
        let catalog = try Catalog(database)
        self.catalog = catalog
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var options = Components.Options(
            policy: IntakePolicy(extensions: ["wav"], maximumSize: 100_000, maximumDuration: 60),
            language: .english)
        options.archive = ArchiveFolder(path: folder.path("archive"))
        components = Components(
            files: files, catalog: catalog, engines: [EngineLane(engine: FakeEngine())],
            inspector: AnythingIsAudio(), options: options, logger: logger)
        dispatcher = SMSDispatcher(FileSender(path: folder.path("sms.jsonl")), logger: logger)
        accounts = try await AccountService(
            AccountSettings(), secret: SigningSecret(file: folder.path("secret")), catalog: catalog,
            inbox: UserFolderMaker(files), dispatcher: dispatcher, logger: logger,
            clock: { ClockReading(wall: now(), boot: "test", uptime: now().timeIntervalSince1970) })
        parts = ControlDependencies(
            catalog: catalog, accounts: accounts, actions: components.actions,
            uploads: components.uploads, audio: components.audio, queue: components.queue,
            health: .still, engineName: "local",
            version: "0.0.0")
        settings = ControlServer.Settings(path: folder.path("kotib.sock"), owner: geteuid())
        settings.connections = connections
    }

    /// Runs `body` beside the server and the sender of messages.
    func serving(
        _ logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: @Sendable () async throws -> Void
    ) async throws {
        let server = try ControlServer(settings, parts, environment: [:], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { await dispatcher.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            while let end = await group.nextResult() { _ = end }
            try result.get()
        }
    }
}

/// Takes every file for a second of sound.
struct AnythingIsAudio: Inspecting {
    func inspect(
        _ file: OpenFile, of user: UserFolder, fileExtension: String, size: Int64,
        after earlier: SoundIdentity?, takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult {
        .facts(
            AudioFacts(
                mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
                sampleRate: 16_000, sha256: Array(repeating: UInt8(truncatingIfNeeded: size), count: 32)))
    }
}

/// A client without a library between it and the bytes.
final class RawClient: Sendable {
    private let file: OpenFile
    private var descriptor: Int32 { file.descriptor }

    init(_ path: String) throws {
        file = OpenFile(
            owning: try SystemError.check("socket") { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0) })
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(file.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = file.descriptor
        try SystemError.check("connect", path) {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Closes the sending half, as `nc -N` does: shutdown(2), SHUT_WR.
    func endSending() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends all of it, however long the server lets one wait. False where it has closed before.
    @discardableResult
    func sendAll(_ text: String) async -> Bool {
        await Self.onItsOwnThread { [descriptor] in
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// The next bytes. Blocks for 20 s at most.
    func piece() async -> String {
        await Self.onItsOwnThread { [descriptor] in
            var piece = [UInt8](repeating: 0, count: 65_536)
            return String(decoding: piece[..<max(0, recv(descriptor, &piece, piece.count, 0))], as: UTF8.self)
        }
    }

    /// Everything received until the server closes, for at most 20 s; ends in `[open]` if it has not closed
    /// by then.
    func everything() async -> String {
        await read { _ in false }
    }

    /// The bytes up to `text`, or as ``everything()``.
    func answer(until text: String) async -> String {
        await read { $0.hasSuffix(text) }
    }

    private func read(until isEnd: @escaping @Sendable (String) -> Bool) async -> String {
        await Self.onItsOwnThread { [descriptor] in
            var all: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &piece, piece.count, 0)
                if count > 0 { all += piece[..<count] }
                let text = String(decoding: all, as: UTF8.self)
                if count > 0 && !isEnd(text) { continue }
                return count < 0 && errno == EAGAIN ? text + "[open]" : text
            }
        }
    }

    /// Dispatch has few threads, and the server under test needs some of them.
    private static func onItsOwnThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async
        -> Value
    {
        await withCheckedContinuation { caller in
            Thread.detachNewThread { caller.resume(returning: body()) }
        }
    }

    /// Sends a request and returns the whole answer.
    static func ask(_ path: String, _ lines: String...) async throws -> String {
        let client = try RawClient(path)
        client.send(lines.joined(separator: "\r\n") + "\r\nHost: kotib\r\nConnection: close\r\n\r\n")
        return await client.everything()
    }
}
