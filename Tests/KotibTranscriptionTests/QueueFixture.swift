import FoundationEssentials
import GRDB
import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibTestSupport
import KotibText
import KotibTranscription
import Logging
import Synchronization

/// A queue over a real catalog, with a clock and an engine that the test moves.
struct QueueFixture: Sendable {
    let catalog: Catalog
    let clock: ManualClock
    let engine: FakeEngine
    let queue: TranscriptionQueue
    let log = LogRecorder()
    /// The recordings that the queue reported as finished.
    let onJobFinished = Recorder<RecordingID>()

    init(
        catalog: Catalog? = nil, clock: ManualClock = ManualClock(), slots: Int = 1,
        grace: Duration = .seconds(20), retries: RetryPolicy = RetryPolicy(),
        reuse: ReuseScope = .none, engine: FakeEngine = FakeEngine(), others: [EngineLane] = [],
        messages: Language = .english, language: SpokenLanguage? = nil, open: TranscriptionQueue.Opener? = nil
    ) throws {
        var options = TranscriptionQueue.Options(slots: slots, grace: grace, reuse: reuse, retries: retries)
        options.messages = messages
        let (catalog, onJobFinished) = (try catalog ?? Catalog(DatabaseQueue()), onJobFinished)
        self.clock = clock
        self.catalog = catalog
        self.engine = engine
        queue = TranscriptionQueue(
            catalog: catalog, engine: engine, others: others,
            options: options,
            time: TranscriptionQueue.Time(clock: clock) { clock.date }, random: SeededGenerator(seed: 1),
            log: Logger(label: "test") { [log] _ in log },
            open: open ?? { _ in OpenFile(owning: Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)) },
            onJobFinished: { onJobFinished.add($0) },
            jobSettings: { recording throws(CatalogError) in
                guard let user = recording.user else { return JobSettings(language: language) }
                return JobSettings(
                    language: language, engine: try await catalog.users.settings(of: user).engine)
            })
    }

    /// Runs `body` beside the queue, then stops that and waits for its end.
    func running(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await queue.run() }
            let result: Result<Void, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await queue.stop()
            group.cancelAll()
            try result.get()
        }
    }

    @discardableResult
    func accept(
        _ path: String, content: UInt8 = 1, container: String = "mp3", warnings: [RecordingWarning] = [],
        isPatched: Bool = false
    ) async throws -> RecordingID {
        guard let path = InboxPath(path) else { throw CocoaError(.fileNoSuchFile) }
        let facts = AudioFacts(
            mediaType: "audio/mpeg", container: container, codec: "mp3", duration: 10, channels: 2,
            sampleRate: 44_100, sha256: Array(repeating: content, count: 32), warnings: warnings,
            isPatched: isPatched)
        let identity = FileIdentity(device: 1, inode: 1, size: 1000, modified: 1, changed: 1)
        let outcome = try await catalog.ingest.accept(path, identity: identity, facts: facts, now: clock.date)
        await queue.wake()
        return outcome.recording
    }

    func waitFor(_ state: RecordingState, _ id: RecordingID) async throws {
        try await waitUntil("recording \(id) is \(state)") {
            try await catalog.recordings.find(id)?.state == state
        }
    }

    func waitForCount(_ state: RecordingState, _ count: Int) async throws {
        try await waitUntil("\(count) are \(state)") { try await catalog.recordings.counts()[state] == count }
    }

    /// Moves the clock from one deadline to the next until `condition` holds.
    func advance(until what: String, _ condition: () async throws -> Bool) async throws {
        try await waitUntil(what) {
            if try await condition() { return true }
            if let next = clock.deadlines.first { clock.advance(by: clock.now.duration(to: next)) }
            return false
        }
    }
}

/// Keeps what closures are told.
final class Recorder<Value: Sendable>: Sendable {
    private let kept = Mutex<[Value]>([])
    var values: [Value] { kept.withLock { $0 } }
    func add(_ value: Value) { kept.withLock { $0.append(value) } }
}
