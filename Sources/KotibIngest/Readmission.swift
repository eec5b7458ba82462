import KotibCatalog
import KotibModel
import Logging

/// Takes what waited for room in its user's quota: at the start, when room was made (the catalog tells), and at
/// midnight, when the minutes of a new day may be used.
public struct Readmission: Sendable {
    /// A file that is renamed is gone for as long as its new name settles: what waits should not take its room.
    var pause = Duration.seconds(2)
    /// The wall clock may be set: midnight may come sooner than was reckoned.
    private static let longestWait = Duration.seconds(600)
    /// Before the catalog is asked again that could not do what it was asked.
    private static let catalogPause = Duration.seconds(5)

    private let pipeline: IngestPipeline
    private let clock: any Clock<Duration>

    public init(_ pipeline: IngestPipeline, clock: any Clock<Duration> = ContinuousClock()) {
        self.pipeline = pipeline
        self.clock = clock
    }

    /// Until the task is cancelled. To be called once.
    public func run() async {
        var users: [UserID] = []
        var lastDay: Int?
        while !Task.isCancelled {
            // From before the look, so that nothing comes between it and the wait, nor does time.
            let news = pipeline.catalog.roomSignals()
            let wait = Self.wait(from: clock)
            do throws(CatalogError) {
                let today = pipeline.quotas.today
                if today != lastDay { users = try await pipeline.catalog.usersWaitingForRoom() }
                lastDay = today
                users += try await pipeline.catalog.usersWithRoom().filter { !users.contains($0) }
                while let user = users.first {
                    try await pipeline.readmit(user)
                    users.removeFirst()
                }
            } catch {
                pipeline.logger.error("what waits for room cannot be read", metadata: ["cause": "\(error)"])
                await sleep(for: Self.catalogPause)
                continue
            }
            let limit = min(pipeline.quotas.untilMidnight, Self.longestWait)
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
