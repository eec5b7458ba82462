import KotibCatalog
import KotibHealth
import Logging
import ServiceLifecycle

/// Reports that the catalog's files were removed or replaced under the running daemon, and backs up what is
/// written to the open ones, which would be lost with them: as soon as that is found, and each hour since.
struct CatalogFileMonitor: Service {
    let catalog: Catalog
    let backup: DisplacedCatalogBackup
    let board: IssueBoard
    let logger: Logger
    var interval = Duration.seconds(10)

    /// Checks between two backups of files that are displaced still: an hour.
    private static let checksPerBackup = 360

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var (last, checks): (DisplacedFile?, Int) = (nil, 0)
            while !Task.isCancelled {
                let displaced = await catalog.displacedFile()
                if displaced != last { report(displaced) }
                checks = displaced == last ? checks + 1 : 0
                last = displaced
                if displaced != nil, checks.isMultiple(of: Self.checksPerBackup) { await backup.run() }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: interval)
            }
        }
    }

    private func report(_ displaced: DisplacedFile?) {
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
    }
}

/// Backs up the open catalog where its files were removed or replaced. To be run after the last write, too.
struct DisplacedCatalogBackup: Sendable {
    let catalog: Catalog
    /// A path.
    let file: String
    let logger: Logger

    func run() async {
        guard await catalog.displacedFile() != nil else { return }
        do throws(CatalogError) {
            switch try await catalog.backUp(to: file) {
            case .replaced: logger.notice("open catalog backed up", metadata: ["file": "\(file)"])
            case .beside(let other): logger.notice("open catalog backed up", metadata: ["file": "\(other)"])
            }
        } catch {
            logger.error(
                "open catalog backup failed", metadata: ["file": "\(file)", "cause": "\(error)"])
        }
    }
}
