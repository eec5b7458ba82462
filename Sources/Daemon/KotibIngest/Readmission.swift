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
            // From before the look, so that nothing comes between it and the wait.
            let news = pipeline.catalog.roomSignals()
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
                await sleep(Self.catalogPause)
                continue
            }
            await wait(for: news, atMost: min(pipeline.quotas.untilMidnight, Self.longestWait))
        }
    }

    private func wait(for news: AsyncStream<Void>, atMost limit: Duration) async {
        let hasNews = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in news { return true }
                return false
            }
            group.addTask {
                await sleep(limit)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        if hasNews { await sleep(pause) }
    }

    private func sleep(_ duration: Duration) async {
        // Cancelled: the loop's condition ends it.
        try? await clock.sleep(for: max(.zero, duration))
    }
}
