import FoundationEssentials
import Glibc
import KotibCatalog
import KotibHealth
import KotibModel
import Logging
import ServiceLifecycle

/// Backs up the catalog, replacing the previous backup after a check. The check also finds damage that no
/// query has met yet.
struct BackupService: Service {
    let catalog: Catalog
    let file: String
    /// The interval between two backups, by their files' times: a restart does not reset it.
    let interval: Duration
    let board: IssueBoard
    let logger: Logger

    /// The longest pause, since clocks are set and machines sleep.
    private static let longestPause = Duration.seconds(3600)
    /// After one that failed.
    private static let pauseAfterFailure = Duration.seconds(3600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let second = Catalog.secondBackup(file)
            if access(file, F_OK) == 0, access(second, F_OK) == 0 {
                board.report(.backupNotReplaced, ["file": "\(file)", "newer": "\(second)"])
            }
            while !Task.isCancelled {
                var pause = left()
                if pause <= .zero { pause = await backUp() ? left() : Self.pauseAfterFailure }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: min(max(pause, .seconds(1)), Self.longestPause))
            }
        }
    }

    private func left() -> Duration {
        let times = [file, Catalog.secondBackup(file)].compactMap { name -> Int? in
            var status = stat()
            return stat(name, &status) == 0 ? status.st_mtim.tv_sec : nil
        }
        guard let newest = times.max() else { return .zero }
        let age = Date().timeIntervalSince1970 - Double(newest)
        // One from the future is of no known age.
        return age < 0 ? .zero : interval - .seconds(bounding: age)
    }

    private func backUp() async -> Bool {
        do throws(CatalogError) {
            switch try await catalog.backUp(to: file) {
            case .replaced:
                logger.info("catalog backed up", metadata: ["file": "\(file)"])
                board.resolve(.backupNotReplaced)
            case .beside(let other):
                logger.info("catalog backed up", metadata: ["file": "\(other)"])
                board.report(.backupNotReplaced, ["file": "\(file)", "newer": "\(other)"])
            }
            return true
        } catch {
            logger.warning(
                "catalog backup failed, earlier backup kept",
                metadata: ["file": "\(file)", "cause": "\(error)"])
            return false
        }
    }
}
