import KotibAccounts
import KotibCatalog
import KotibHooks
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

/// The watcher: whatever it has not handed on yet, the scan at the next start finds again.
struct WatcherService: Service {
    let watcher: InboxWatcher

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await watcher.run() }
    }
}

/// Texts that could not be written: tried again every few seconds until they can.
struct DueTextService: Service {
    let pipeline: IngestPipeline
    let logger: Logger

    /// Asked again and again because nothing tells that a disk or a quota has room again, that a file system was
    /// remounted or that a folder's ACL was changed. Only while a text waits, and at the price of one query.
    private static let interval = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil {
                do throws(CatalogError) {
                    try await pipeline.writeWaitingTexts()
                } catch {
                    logger.debug("texts wait for the catalog", metadata: ["cause": "\(error)"])
                }
            }
        }
    }
}

/// The index of words: what is not in it when the daemon stops is taken in at the next start.
struct IndexService: Service {
    let catalog: Catalog
    let logger: Logger

    /// Before the catalog is asked again that could not do what it was asked.
    private static let pause = Duration.seconds(5)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let news = catalog.indexSignals()
            await index()
            for await _ in news { await index() }
        }
    }

    private func index() async {
        while !Task.isCancelled {
            do throws(CatalogError) {
                return try await catalog.indexLongTexts()
            } catch {
                logger.error("long texts are not in the index", metadata: ["cause": "\(error)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: Self.pause)
        }
    }
}

/// Says that the catalog lacks what was written last, and that it is damaged as soon as anybody meets it.
struct DamageService: Service {
    let catalog: Catalog
    let board: ProblemBoard
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

/// The sender of codes: what has not gone out when the daemon stops can be asked for again.
struct MessageService: Service {
    let dispatcher: SMSDispatcher

    func run() async throws {
        await cancelWhenGracefulShutdown { await dispatcher.run() }
    }
}

/// The archive: what is on its way when the daemon stops gets there at the next start.
struct ArchiveService: Service {
    let keeper: ArchiveKeeper

    func run() async throws {
        await cancelWhenGracefulShutdown { await keeper.run() }
    }
}

extension Daemon {
    /// None where no archive is set.
    func archiveServices(_ pipeline: IngestPipeline) -> [any Service] {
        ArchiveKeeper(pipeline, age: configuration.archiveAge).map { [ArchiveService(keeper: $0)] } ?? []
    }
}

extension Daemon {
    /// None where no backups are made.
    func backupServices(_ catalog: Catalog, _ board: ProblemBoard) -> [any Service] {
        configuration.backupInterval.map { interval in
            [
                BackupService(
                    catalog: catalog, file: configuration.backupPath, interval: interval, board: board,
                    logger: logger)
            ]
        } ?? []
    }
}

/// The hooks: what they were not told when the daemon stops stays in the catalog.
struct HookService: Service {
    let dispatcher: HookDispatcher

    func run() async throws {
        await cancelWhenGracefulShutdown { await dispatcher.run() }
    }
}

/// What waits for room in a quota: what was not looked at when the daemon stops is at the next start.
struct ReadmissionService: Service {
    let readmission: Readmission

    func run() async throws {
        await cancelWhenGracefulShutdown { await readmission.run() }
    }
}

/// Files that hold less than they promise: what was waited for when the daemon stops is looked at at the next start.
struct IncompleteFileService: Service {
    let files: IncompleteFiles

    func run() async throws {
        await cancelWhenGracefulShutdown { await files.run() }
    }
}
