import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import Logging

/// Checks a `kotib.ini` in a folder. Jobs read the settings when they start (``FolderSettingsReader``); a
/// note beside the file only describes its problems.
package struct FolderSettingsChecker: Sendable {
    private let reader: FolderSettingsReader
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let registrar: RecordingRegistrar
    private let logger: Logger

    package init(
        reader: FolderSettingsReader, catalog: Catalog, sidecars: Sidecars,
        registrar: RecordingRegistrar, logger: Logger
    ) {
        self.reader = reader
        self.catalog = catalog
        self.sidecars = sidecars
        self.registrar = registrar
        self.logger = logger
    }

    /// To be called when the file is stable.
    func check(_ path: InboxPath, _ status: FileStatus) async throws {
        switch try await reader.read(path) {
        // Gone again, or changed: the watcher reports it.
        case nil: return
        case .failure(let problem):
            try await registrar.refuse(path, status.identity, .folderSettings(problem))
        case .success: try await forget(path)
        }
    }

    /// The file is valid again: its note and its row are deleted.
    private func forget(_ path: InboxPath) async throws(CatalogError) {
        guard let known = try await catalog.recordings.current(path), known.state == .rejected else { return }
        try await sidecars.writer.remove(catalog.sidecars.owned(of: known.id))
        guard try await catalog.refusals.forget(known.id) else { return }
        logger.info("folder settings valid again", metadata: ["file": "\(path)"])
    }
}
