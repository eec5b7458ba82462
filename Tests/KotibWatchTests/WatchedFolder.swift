import KotibModel
import KotibPOSIX
import KotibTestSupport
import Synchronization

@testable import KotibWatch

/// The events that a watcher reported, in order.
final class EventRecorder: Sendable {
    private let inboxEvents = Mutex<[InboxEvent]>([])

    func add(_ inboxEvent: InboxEvent) { inboxEvents.withLock { $0.append(inboxEvent) } }

    var all: [InboxEvent] { inboxEvents.withLock { $0 } }

    /// How often a scan was finished.
    var scans: Int { all.count { $0 == .scanFinished } }

    /// The paths of the files (not folders) that were told to stand still, as often as they were told.
    var files: [InboxPath] {
        all.compactMap {
            if case .stable(let path, let status) = $0, status.kind != .folder { path } else { nil }
        }
    }

    var names: [String] { files.map(\.text).sorted() }

    var gone: [String] {
        all.compactMap { if case .removed(let path) = $0 { path.text } else { nil } }
    }

    func status(of name: String) -> FileStatus? {
        for case .stable(let path, let status) in all.reversed() where path.text == name { return status }
        return nil
    }
}

/// A watcher on the folder `inbox` in a temporary one.
struct WatchedFolder {
    let folder: TemporaryFolder
    let root: InboxRoot
    let watcher: InboxWatcher
    let reported = EventRecorder()
    let log: LogRecorder

    /// Patience short enough for tests.
    static var quick: WatchConfiguration {
        var configuration = WatchConfiguration()
        configuration.settle = .milliseconds(60)
        configuration.emptyFileDelay = .milliseconds(250)
        configuration.openFileDelay = .milliseconds(700)
        configuration.hardLinkDelay = .milliseconds(200)
        configuration.pollInterval = .milliseconds(100)
        configuration.replacedRootDelay = .milliseconds(100)
        configuration.rootInterval = .milliseconds(40)
        return configuration
    }

    init(
        _ configuration: WatchConfiguration = quick, in folder: TemporaryFolder? = nil,
        isKnown: @escaping @Sendable ([InboxWatcher.Candidate]) async -> [Bool] = { $0.map { _ in false } },
        handler: @escaping @Sendable (InboxEvent) async -> Void = { _ in }
    ) throws {
        self.folder = try folder ?? TemporaryFolder()
        try self.folder.makeFolder("inbox")
        root = try InboxRoot(path: self.folder.path("inbox"))
        let (logger, log) = recordingLogger()
        self.log = log
        watcher = InboxWatcher(
            root: root, configuration: configuration, isKnown: isKnown,
            handler: { [reported] inboxEvent in
                await handler(inboxEvent)
                reported.add(inboxEvent)
            }, logger: logger)
    }

    /// Watches while `body` runs, which begins when the watcher is ready.
    func watch(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            group.addTask { [watcher] in try await watcher.run() }
            group.addTask { [watcher] in
                await watcher.ready()
                try await body()
            }
            // The body ends first; the watcher only by being cancelled.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the scan of the start has been told. What comes from then on is told by events alone, and
    /// what an event has told is not told by that scan again.
    func scanned() async throws {
        try await waitUntil("the inbox was scanned") { reported.scans > 0 }
    }

    /// The path of a name in the inbox, for system calls.
    func path(_ name: String) -> String { folder.path("inbox/\(name)") }

    func write(_ text: String, to name: String) throws { try folder.write(text, to: "inbox/\(name)") }
}
