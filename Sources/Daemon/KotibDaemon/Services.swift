import KotibCatalog
import KotibHealth
import KotibIngest
import KotibTranscription
import KotibWatch
import KotibWorkerClient
import Logging
import ServiceLifecycle

/// Worker processes: ended when nobody asks them any more.
struct WorkerService: Service {
    let pool: WorkerPool

    func run() async throws {
        await cancelWhenGracefulShutdown { await pool.run() }
    }
}

/// The queue: starts nothing more, and gives what runs its grace.
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

/// A loop that ends when its task is cancelled. Work that it has not done when the daemon stops is found
/// again at the next start.
struct CancellableService: Service {
    private let loop: @Sendable () async throws -> Void

    init(_ loop: @escaping @Sendable () async throws -> Void) {
        self.loop = loop
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await loop() }
    }
}

/// Writes texts that could not be written: tries again every few seconds until they can.
struct WaitingTextService: Service {
    let recovery: Recovery
    let logger: Logger

    /// Asked again and again because nothing tells that a disk or a quota has room again, that a file system
    /// was remounted or that a folder's ACL was changed. Only while a text waits, and at the price of one
    /// query.
    private static let interval = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do throws(CatalogError) {
                    try await recovery.writeWaitingTexts()
                } catch {
                    logger.debug("texts wait for the catalog", metadata: ["cause": "\(error)"])
                }
            }
        }
    }
}

/// Keeps the index of words complete. Texts that are not in it when the daemon stops are added at the next
/// start.
struct IndexService: Service {
    let catalog: Catalog
    let logger: Logger

    /// Before the catalog is asked again that could not do what it was asked.
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
                logger.error("long texts are not in the index", metadata: ["cause": "\(error)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: Self.pause)
        }
    }
}

/// Reports that the catalog lacks what was written last, and that it is damaged, as soon as any query meets
/// it.
struct DamageService: Service {
    let catalog: Catalog
    let board: IssueBoard
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for loss in catalog.losses {
                logger.error("the catalog lacks what was written last", metadata: ["cause": "\(loss)"])
                board.report(.catalogBehind)
            }
            for await error in catalog.damageReports {
                logger.error("the catalog is damaged", metadata: ["cause": "\(error)"])
                board.report(.catalogDamaged, ["cause": "\(error)"])
            }
        }
    }
}
