import FoundationEssentials
import GRDB
import KotibArchive
import KotibCatalog
import KotibComponents
import KotibHealth
import KotibIngest
import KotibIntake
import KotibLibrary
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibText
import KotibTranscription
import KotibWatch
import Logging

/// The whole pipeline over a real folder and a real catalog; only the worker and the engine are played.
package struct IngestFixture: Sendable {
    package static let largest: Int64 = 1000

    package let folder: TemporaryFolder
    package let disk: LocalFileSystem
    package let database: DatabaseQueue
    package let inspector: FakeInspector
    package let components: Components
    package let log = LogRecorder()

    package var catalog: Catalog { components.catalog }
    package var queue: TranscriptionQueue { components.queue }
    package var pipeline: IngestPipeline { components.pipeline }
    package var sidecars: Sidecars { components.sidecars }
    package var actions: RecordingActions { components.actions }
    package var uploads: UploadService { components.uploads }
    package var board: IssueBoard { components.board }

    /// - Parameters:
    ///   - files: what the pipeline sees of the disk.
    ///   - mounts: the places where something is mounted; nil for the kernel's word.
    ///   - settings: what everybody has chosen; asked each time.
    package init(
        inspector: FakeInspector = FakeInspector(), engine: FakeEngine = FakeEngine(),
        database: DatabaseQueue? = nil, enrolls: Bool = true, reuse: ReuseScope = .none,
        settings: @autoclosure @escaping @Sendable () -> UserSettings = UserSettings(),
        quotas: Quotas = Quotas(), archive: ArchiveFolder? = nil,
        incompleteTimeout: IncompleteFileTimeout = IncompleteFileTimeout(),
        mounts: Shared<Set<[UInt8]>>? = nil,
        files: (LocalFileSystem) -> any FileSystem = { $0 }
    ) throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("ali")
        disk = LocalFileSystem(try InboxRoot(path: folder.path))
        self.database = try database ?? DatabaseQueue()
        self.inspector = inspector
        var options = Components.Options(
            policy: IntakePolicy(extensions: ["wav"], maximumSize: Self.largest, maximumDuration: 60),
            language: .english)
        options.enrolls = enrolls
        options.quotas = quotas
        options.archive = archive
        options.incompleteTimeout = incompleteTimeout
        if let mounts { options.mounts = { _ in mounts.value } }
        options.queue = TranscriptionQueue.Options(reuse: reuse)
        options.userSettings = { _ in settings() }
        options.firstRetryPause = .milliseconds(1)
        components = Components(
            files: files(disk), catalog: try Catalog(self.database), engines: [EngineLane(engine: engine)],
            inspector: inspector, options: options, logger: Logger(label: "test") { [log] _ in log })
    }

    /// Runs `body` beside the queue, then stops that and waits for its end.
    package func transcribing(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await queue.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            try result.get()
        }
    }
}

extension IngestFixture {
    package func path(_ name: String) throws -> InboxPath {
        guard let path = InboxPath(name) else { throw CocoaError(.fileNoSuchFile) }
        return path
    }

    /// The event for a file that is no longer written to.
    package func inboxEvent(_ name: String) throws -> InboxEvent {
        guard let status = try disk.examine(path(name)) else { throw CocoaError(.fileNoSuchFile) }
        return .stable(try path(name), status)
    }

    package func handle(_ name: String) async throws {
        await pipeline.handle(try inboxEvent(name))
    }

    /// Creates a file, lets the pipeline handle it, and returns its row in the catalog.
    @discardableResult
    package func drop(_ content: String, _ name: String = "ali/talk.wav") async throws -> Recording? {
        try folder.write(content, to: name)
        try await handle(name)
        return try await current(name)
    }

    package func lose(_ name: String) async throws {
        folder.remove(name)
        await pipeline.handle(.removed(try path(name)))
    }

    package func current(_ name: String = "ali/talk.wav") async throws -> Recording? {
        try await catalog.recordings.current(path(name))
    }

    package func names() throws -> [String] { try folder.names(in: "ali") }

    package func rows() throws -> Int {
        try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM audio_records") ?? 0 }
    }

    package func logged(_ message: String) -> Int { log.lines.count { $0.message == message } }

    /// The files that warnings are about, in order.
    package var warnedFiles: [String] {
        log.lines.filter { $0.level == .warning }.compactMap { $0.metadata["file"]?.description }
    }

    /// Waits for the text that the running queue brings, until it is registered: before that it is nobody's.
    package func awaitText(_ text: String, beside name: String = "ali/talk.wav") async throws {
        let path = try path(name)
        try await waitUntil("there is \(text) beside \(name)") {
            guard folder.read(name + ".txt") == text + "\n" else { return false }
            return try await catalog.recordings.current(path)?.sidecarDue == nil
        }
    }

    /// Records files that are not there, without the pipeline.
    /// - Parameter device: nil for that of the inbox.
    package func record(_ names: [String], on device: UInt64? = nil) async throws {
        let own = try disk.status(of: disk.openFolder(nil)).identity.device
        let facts = FakeInspector.facts([1])
        for name in names {
            let identity = FileIdentity(
                device: device ?? own, inode: 1, size: 1, modified: 1, changed: 1)
            _ = try await catalog.ingest.accept(path(name), identity: identity, facts: facts)
        }
    }

    package func counts(_ audio: AudioState) throws -> Int {
        try database.read {
            try Int.fetchOne(
                $0, sql: "SELECT count(*) FROM audio_records WHERE audio_state = ?",
                arguments: [audio.rawValue]) ?? 0
        }
    }
}
