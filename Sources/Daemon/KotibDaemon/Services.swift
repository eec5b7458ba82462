import KotibCatalog
import KotibHealth
import KotibIngest
import KotibTranscription
import KotibWatch
import KotibWorkerClient
import Logging
import ServiceLifecycle

/// The worker processes: stopped after everything that uses them.
struct WorkerService: Service {
    let pool: WorkerPool

    func run() async throws {
        await cancelWhenGracefulShutdown { await pool.run() }
    }
}

/// The queue: starts nothing more at a stop, and gives running jobs their grace.
struct QueueService: Service {
    let queue: TranscriptionQueue

    func run() async throws {
        await withGracefulShutdownHandler {
            await queue.run()
        } onGracefulShutdown: {
            Task { await queue.stop() }
        }
    }
}

/// A loop that ends when its task is cancelled. Unfinished work is found again at the next start.
struct CancellableService: Service {
    private let loop: @Sendable () async throws -> Void

    init(_ loop: @escaping @Sendable () async throws -> Void) {
        self.loop = loop
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await loop() }
    }
}

/// Retries every few seconds to write texts that could not be written.
struct WaitingTextService: Service {
    let recovery: Recovery
    let logger: Logger

    /// Polls, because no event reports that a disk or quota has room again, a file system was remounted or an
    /// ACL changed. Only while a text waits; costs one query.
    private static let interval = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do throws(CatalogError) {
                    try await recovery.writeWaitingTexts()
                } catch {
                    logger.debug("texts postponed: catalog unavailable", metadata: ["cause": "\(error)"])
                }
            }
        }
    }
}

/// Keeps the search index complete. Texts that are missing when the daemon stops are added at the next start.
struct SearchIndexService: Service {
    let catalog: Catalog
    let logger: Logger

    /// The pause after a failure of the catalog.
    private static let pause = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let news = catalog.searchIndex.signals()
            await index()
            for await _ in news { await index() }
        }
    }

    private func index() async {
        while !Task.isCancelled {
            do throws(CatalogError) {
                return try await catalog.searchIndex.indexLongTexts()
            } catch {
                logger.error("cannot index long texts", metadata: ["cause": "\(error)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: Self.pause)
        }
    }
}

/// Reports damage of the catalog as soon as a query finds it, and the loss of its latest writes.
struct DamageService: Service {
    let catalog: Catalog
    let board: IssueBoard
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for loss in catalog.losses {
                logger.error("catalog lacks the latest writes", metadata: ["cause": "\(loss)"])
                board.report(.catalogBehind)
            }
            if !catalog.losses.isEmpty { await catalog.lossesWereReported() }
            for await error in catalog.damageReports {
                logger.error("catalog damaged", metadata: ["cause": "\(error)"])
                board.report(.catalogDamaged, ["cause": "\(error)"])
            }
        }
    }
}
