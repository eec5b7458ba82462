import FoundationEssentials
import GRDB
import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTestSupport
import KotibTranscription
import KotibWatch
import Logging
import Synchronization

@testable import KotibIngest

/// The whole pipeline over a real folder and a real catalog; only the worker and the engine are played.
struct IngestFixture: Sendable {
    static let largest: Int64 = 1000

    let folder: TemporaryFolder
    let disk: LocalFileSystem
    let database: DatabaseQueue
    let inspector: FakeInspector
    let components: Components
    let log = LogRecorder()

    var catalog: Catalog { components.catalog }
    var queue: TranscriptionQueue { components.queue }
    var pipeline: IngestPipeline { components.pipeline }
    var sidecars: SidecarWriter { components.sidecars }
    var actions: RecordingActions { components.actions }
    var uploads: UploadService { components.uploads }
    var board: ProblemBoard { components.board }

    /// - Parameters:
    ///   - files: what the pipeline sees of the disk.
    ///   - settings: what everybody has chosen; asked each time.
    init(
        inspector: FakeInspector = FakeInspector(), engine: FakeEngine = FakeEngine(),
        database: DatabaseQueue? = nil, enrolls: Bool = true, reuse: WordsReuse = .none,
        settings: @autoclosure @escaping @Sendable () -> UserSettings = UserSettings(),
        quotas: Quotas = Quotas(), archive: ArchiveFolder? = nil,
        incompleteTimeout: IncompleteFileTimeout = IncompleteFileTimeout(),
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
        options.queue = TranscriptionQueue.Options(reuse: reuse)
        options.userSettings = { _ in settings() }
        options.firstRetryPause = .milliseconds(1)
        components = Components(
            files: files(disk), catalog: try Catalog(self.database), engines: [EngineLane(engine: engine)],
            inspector: inspector, options: options, logger: Logger(label: "test") { [log] _ in log })
    }

    /// Runs `body` beside the queue, then stops that and waits for its end.
    func transcribing(_ body: () async throws -> Void) async throws {
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
    func path(_ name: String) throws -> InboxPath {
        guard let path = InboxPath(name) else { throw CocoaError(.fileNoSuchFile) }
        return path
    }

    /// As the watcher tells of a file that stands still.
    func sighting(_ name: String) throws -> Sighting {
        guard let status = try disk.examine(path(name)) else { throw CocoaError(.fileNoSuchFile) }
        return .settled(try path(name), status)
    }

    func handle(_ name: String) async throws {
        await pipeline.handle(try sighting(name))
    }

    /// Puts a file there, lets the pipeline handle it, and returns what the catalog has.
    @discardableResult
    func drop(_ content: String, _ name: String = "ali/talk.wav") async throws -> Recording? {
        try folder.write(content, to: name)
        try await handle(name)
        return try await current(name)
    }

    func lose(_ name: String) async throws {
        folder.remove(name)
        await pipeline.handle(.gone(try path(name)))
    }

    func current(_ name: String = "ali/talk.wav") async throws -> Recording? {
        try await catalog.current(path(name))
    }

    func names() throws -> [String] { try folder.names(in: "ali") }

    func rows() throws -> Int {
        try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM audio_records") ?? 0 }
    }

    func logged(_ message: String) -> Int { log.lines.count { $0.message == message } }

    /// The files that warnings are about, in order.
    var warnedFiles: [String] {
        log.lines.filter { $0.level == .warning }.compactMap { $0.metadata["file"]?.description }
    }

    /// Waits for the text that the running queue brings.
    func awaitText(_ text: String, beside name: String = "ali/talk.wav") async throws {
        try await waitUntil("there is \(text) beside \(name)") { folder.read(name + ".txt") == text + "\n" }
    }

    /// Records files that are not there, without the pipeline.
    /// - Parameter device: nil for that of the inbox.
    func record(_ names: [String], on device: UInt64? = nil) async throws {
        let own = try disk.status(of: disk.openFolder(nil)).identity.device
        let facts = FakeInspector.facts([1])
        for name in names {
            let identity = FileIdentity(
                device: device ?? own, inode: 1, size: 1, modified: 1, changed: 1)
            _ = try await catalog.accept(path(name), identity: identity, facts: facts)
        }
    }

    func counts(_ audio: AudioState) throws -> Int {
        try database.read {
            try Int.fetchOne(
                $0, sql: "SELECT count(*) FROM audio_records WHERE audio_state = ?",
                arguments: [audio.rawValue]) ?? 0
        }
    }
}

/// Plays the worker: takes everything, the content being its own hash, but for what a test says. What begins with
/// "incomplete" is taken where nothing more is waited for.
final class FakeInspector: Inspecting, Sendable {
    /// Gets the content and how many calls came before.
    typealias Script = @Sendable ([UInt8], Int) async throws(InspectionError) -> InspectionResult

    private let script: Script
    private let asked = Mutex(0)

    /// Files that begin with "bad" are damaged.
    init(
        _ script: @escaping Script = { content, _ in
            content.starts(with: "bad".utf8) ? .refused(.damaged(detail: "test")) : .facts(facts(content))
        }
    ) {
        self.script = script
    }

    var calls: Int { asked.withLock { $0 } }

    func inspect(
        _ file: OpenFile, of user: [UInt8], fileExtension: String, size: Int64, after earlier: SoundIdentity?,
        takesIncomplete: Bool
    ) async throws(InspectionError) -> InspectionResult {
        let before = asked.withLock { count in
            count += 1
            return count - 1
        }
        guard let content = try? file.read(upTo: Int(size)) else { return .refused(.unreadable) }
        if content.starts(with: "incomplete".utf8), !takesIncomplete { return .refused(.incomplete) }
        var result = try await script(content, before)
        if case .facts(var facts) = result, let sound = Self.sound(content) {
            facts.sound = Self.identity(sound)
            facts.duration = Double(sound.count)
            if let earlier, earlier.size < sound.count,
                Self.identity(Array(sound.prefix(Int(earlier.size)))) == earlier
            {
                facts.continues = earlier
            }
            result = .facts(facts)
        }
        return result
    }

    /// What follows a `#` is the sound, of a second a byte, and what comes before it are tags.
    private static func sound(_ content: [UInt8]) -> [UInt8]? {
        content.firstIndex(of: UInt8(ascii: "#")).map { Array(content[($0 + 1)...]) }
    }

    private static func identity(_ sound: [UInt8]) -> SoundIdentity {
        let hash = (sound + [UInt8](repeating: 0, count: 32)).prefix(32)
        return SoundIdentity(sha256: Array(hash), size: Int64(sound.count))
    }

    static func facts(_ content: [UInt8]) -> AudioFacts {
        let hash = (content + [UInt8](repeating: 0, count: 32)).prefix(32)
        return AudioFacts(
            mediaType: "audio/x-wav", container: "wav", codec: "pcm_s16le", duration: 1, channels: 1,
            sampleRate: 16_000, sha256: Array(hash))
    }
}

/// Keeps log lines.
struct LogRecorder: LogHandler {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata
    }

    private final class Kept: Sendable {
        let lines = Mutex<[Line]>([])
    }

    private let kept = Kept()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    var lines: [Line] { kept.lines.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = Line(level: event.level, message: "\(event.message)", metadata: event.metadata ?? [:])
        kept.lines.withLock { $0.append(line) }
    }
}
