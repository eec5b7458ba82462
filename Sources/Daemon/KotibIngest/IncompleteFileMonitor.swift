import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Accepts incomplete files as they are when they have not changed for long (``IncompleteFileTimeout``).
/// Checks the files that the catalog has as incomplete at start and periodically, so that a restart loses
/// none.
package struct IncompleteFileMonitor: Sendable {
    /// The longest pause, since the wall clock may be set.
    private static let longestPause = Duration.seconds(30)
    private static let page = 100

    private let files: any FileSystem
    private let catalog: Catalog
    private let pipeline: IngestPipeline
    private let timeout: IncompleteFileTimeout
    private let retries: IngestRetryLoop
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        files: any FileSystem, catalog: Catalog, pipeline: IngestPipeline, timeout: IncompleteFileTimeout,
        retries: IngestRetryLoop, clock: any Clock<Duration>, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.pipeline = pipeline
        self.timeout = timeout
        self.retries = retries
        self.clock = clock
        self.logger = logger
    }

    /// Until the task is cancelled.
    package func run() async {
        let pause = min(timeout.duration / 2, Self.longestPause)
        while !Task.isCancelled {
            do throws(CatalogError) {
                try await checkAll()
            } catch {
                logger.error("cannot read incomplete files from the catalog", metadata: ["cause": "\(error)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await clock.sleep(for: max(pause, .milliseconds(100)))
        }
    }

    private func checkAll() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.refusals.incomplete(after: last, limit: Self.page)
            guard let end = page.last else { return }
            for file in page where timeout.hasPassed(file.identity) {
                await inspectAgain(file)
            }
            last = end.id
        }
    }

    /// Does nothing if the file has changed or is open for writing.
    private func inspectAgain(_ waiting: PresentRecording) async {
        let (files, path, timeout) = (files, waiting.path, timeout)
        let found = await BlockingWork.run { () -> FileStatus? in
            // The watcher reports files that are gone, changed or unreachable.
            guard let (file, status) = try? files.openForReading(path), status.identity == waiting.identity,
                timeout.hasPassed(file, status)
            else { return nil }
            return status
        }
        guard let status = found else { return }
        await retries.run(for: .stable(path, status)) { try await pipeline.ingest(path, status) }
    }
}

/// The time for which an incomplete file must not change before it is accepted as it is.
package struct IncompleteFileTimeout: Sendable {
    /// Without a change.
    var duration: Duration
    /// Nanoseconds since 1970.
    var now: @Sendable () -> Int64

    package init(
        _ duration: Duration = .seconds(600), now: @escaping @Sendable () -> Int64 = InboxWatcher.systemTime
    ) {
        self.duration = duration
        self.now = now
    }

    /// Whether the file has been unchanged for that time by its own times, which a restart does not affect,
    /// and no program has it open for writing, as far as the kernel tells.
    func hasPassed(_ file: OpenFile, _ status: FileStatus) -> Bool {
        hasPassed(status.identity) && WriterCheck(file) != .writing
    }

    /// By the file's times alone. Times in the future, as of a camera with a wrong clock, are ignored; a file
    /// with no other time is not accepted.
    func hasPassed(_ identity: FileIdentity) -> Bool {
        let now = now()
        let past = [identity.modified, identity.changed].filter { $0 <= now }
        guard let last = past.max() else { return false }
        return .nanoseconds(now) - .nanoseconds(last) >= duration
    }
}
