import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import Logging

/// The settings that a person puts into a folder. They count as they are when a job starts
/// (``FolderSettingsReader``); here it is only told, beside them, what is wrong with them.
extension IngestPipeline {
    /// A `kotib.ini` that stands still.
    func folderSettings(_ path: InboxPath, _ status: FileStatus) async throws {
        let reader = FolderSettingsReader(files: files, logger: logger)
        switch try await reader.read(path) {
        // Gone again, or changed: the watcher tells.
        case nil: return
        case .failure(let problem): try await refuse(path, status.identity, .folderSettings(problem))
        case .success: try await mended(path)
        }
    }

    /// Nothing is wrong with the file any more: its note goes, and then its row.
    private func mended(_ path: InboxPath) async throws(CatalogError) {
        guard let known = try await catalog.current(path), known.state == .rejected else { return }
        try await sidecars.writer.remove(catalog.ownedSidecars(of: known.id))
        guard try await catalog.forgetRefused(known.id) else { return }
        logger.info("folder settings are good now", metadata: ["file": "\(path)"])
    }
}
