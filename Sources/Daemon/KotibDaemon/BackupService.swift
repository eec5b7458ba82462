import FoundationEssentials
import Glibc
import KotibCatalog
import KotibModel
import Logging
import ServiceLifecycle

/// Backups of the catalog, each in the place of the one before, checked before. The check finds damage that
/// nobody has met yet.
struct BackupService: Service {
    let catalog: Catalog
    let file: String
    /// Between two backups, by their files' times: a restart does not begin anew.
    let interval: Duration
    let logger: Logger

    /// Clocks are set and machines sleep: no pause is longer.
    private static let longestPause = Duration.seconds(3600)
    /// After one that failed.
    private static let pauseAfterFailure = Duration.seconds(3600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var pause = left()
                if pause <= .zero { pause = await backUp() ? left() : Self.pauseAfterFailure }
                // Cancelled: the loop's condition ends it.
                try? await Task.sleep(for: min(max(pause, .seconds(1)), Self.longestPause))
            }
        }
    }

    private func left() -> Duration {
        var status = stat()
        guard stat(file, &status) == 0 else { return .zero }
        let age = Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec)
        // One from the future is of no known age.
        return age < 0 ? .zero : interval - .seconds(bounding: age)
    }

    private func backUp() async -> Bool {
        do throws(CatalogError) {
            try await catalog.backUp(to: file)
            logger.info("catalog backed up", metadata: ["file": "\(file)"])
            return true
        } catch {
            logger.warning(
                "the catalog was not backed up; the earlier backup stays",
                metadata: ["file": "\(file)", "cause": "\(error)"])
            return false
        }
    }
}
