import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Accepts recordings that wait for room in their users' quotas: at start, when the catalog signals that
/// there is room, and at midnight, when the minutes of a new day are available.
package struct QuotaReadmission: Sendable {
    /// Delay for renamed files, which are missing until their new name is stable, so that waiting recordings
    /// do not take their room.
    var pause = Duration.seconds(2)
    /// The longest wait, since the wall clock may be set and midnight come sooner.
    private static let longestWait = Duration.seconds(600)
    /// The pause after a failure of the catalog.
    private static let catalogPause = Duration.seconds(5)
    /// The number of recordings that are read at once; each is checked again before it is accepted.
    private static let page = 100

    private let files: any FileSystem
    private let policy: IntakePolicy
    private let catalog: Catalog
    private let quotas: Quotas
    private let pipeline: IngestPipeline
    private let registrar: RecordingRegistrar
    private let retries: IngestRetryLoop
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        files: any FileSystem, policy: IntakePolicy, catalog: Catalog, quotas: Quotas,
        pipeline: IngestPipeline, registrar: RecordingRegistrar, retries: IngestRetryLoop,
        clock: any Clock<Duration>, logger: Logger
    ) {
        self.files = files
        self.policy = policy
        self.catalog = catalog
        self.quotas = quotas
        self.pipeline = pipeline
        self.registrar = registrar
        self.retries = retries
        self.clock = clock
        self.logger = logger
    }

    /// Until the task is cancelled. To be called once.
    package func run() async {
        var users: [UserID] = []
        var lastDay: Int?
        while !Task.isCancelled {
            // From before the look, so that nothing comes between it and the wait, nor does time.
            let news = catalog.quotas.quotaSignals()
            let wait = Self.wait(from: clock)
            do throws(CatalogError) {
                let today = quotas.today
                if today != lastDay { users = try await catalog.quotas.usersWaitingForQuota() }
                lastDay = today
                users += try await catalog.quotas.usersWithFreedQuota().filter { !users.contains($0) }
                while let user = users.first {
                    try await readmit(user)
                    users.removeFirst()
                }
            } catch {
                logger.error("cannot read recordings that wait for quota", metadata: ["cause": "\(error)"])
                await sleep(for: Self.catalogPause)
                continue
            }
            let limit = min(quotas.untilMidnight, Self.longestWait)
            // Midnight may have come since the look: the limit is that of the new day then.
            guard quotas.today == lastDay else { continue }
            if await hasNews(news, before: { await wait(limit) }) { await sleep(for: pause) }
        }
    }

    private func hasNews(
        _ news: AsyncStream<Void>, before end: @escaping @Sendable () async -> Void
    ) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in news { return true }
                return false
            }
            group.addTask {
                await end()
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func sleep(for duration: Duration) async {
        // Cancelled: the loop's condition ends it.
        try? await clock.sleep(for: duration)
    }

    /// Waits until so much time has passed since the call of this function.
    private static func wait<C: Clock<Duration>>(from clock: C) -> @Sendable (Duration) async -> Void {
        let start = clock.now
        return { try? await clock.sleep(until: start.advanced(by: max(.zero, $0)), tolerance: nil) }
    }
}

extension QuotaReadmission {
    /// Accepts the waiting recordings of a user, oldest first, as long as there is room.
    private func readmit(_ user: UserID) async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.quotas.acceptableWaiting(
                user, after: last, limit: Self.page, under: quotas)
            if page.isEmpty { return }
            for waiting in page {
                last = waiting.id
                // Those before it have taken the room: what still fits is looked up anew.
                guard await readmit(waiting) else { break }
            }
        }
    }

    /// - Returns: false if there is no room for it after all.
    private func readmit(_ waiting: WaitingRecording) async -> Bool {
        let (files, path) = (files, waiting.path)
        let found = await BlockingWork.run { try? files.examine(path) }
        // The watcher reports files that are gone, changed or unreachable.
        guard let status = found, status.identity == waiting.identity else { return true }
        var hasRoom = true
        await retries.run(for: .stable(path, status)) {
            // Other settings may hold by now.
            guard case .inspect = policy.classify(path, status),
                waiting.facts.duration <= policy.maximumDuration
            else { return try await pipeline.ingest(path, status) }
            do {
                _ = try await registrar.accept(path, status.identity, waiting.facts)
            } catch is Rejection {
                hasRoom = false
            }
        }
        return hasRoom
    }
}
