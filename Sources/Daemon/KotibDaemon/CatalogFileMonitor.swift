import KotibCatalog
import KotibHealth
import Logging
import ServiceLifecycle

/// Reports that the catalog's files were removed or replaced under the running daemon, and backs up what is
/// written to the open ones, which would be lost with them: as soon as that is found, and before the stop.
struct CatalogFileMonitor: Service {
    let catalog: Catalog
    /// The backup's path.
    let backup: String
    let board: IssueBoard
    let logger: Logger
    var interval = Duration.seconds(10)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: DisplacedFile?
            while !Task.isCancelled {
                let displaced = await catalog.displacedFile()
                if displaced != last { await report(displaced) }
                last = displaced
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: interval)
            }
        }
        if await catalog.displacedFile() != nil { await backUp() }
    }

    private func report(_ displaced: DisplacedFile?) async {
        switch displaced {
        case nil:
            board.resolve(.catalogReplaced)
            board.resolve(.catalogLogReplaced)
            return
        case .database:
            logger.error("catalog file removed or replaced while open")
            board.report(.catalogReplaced)
        case .log:
            logger.error("catalog log removed or replaced while open")
            board.report(.catalogLogReplaced)
        }
        await backUp()
    }

    private func backUp() async {
        do throws(CatalogError) {
            switch try await catalog.backUp(to: backup) {
            case .replaced: logger.notice("open catalog backed up", metadata: ["file": "\(backup)"])
            case .beside(let other): logger.notice("open catalog backed up", metadata: ["file": "\(other)"])
            }
        } catch {
            logger.error(
                "open catalog backup failed", metadata: ["file": "\(backup)", "cause": "\(error)"])
        }
    }
}
