import Glibc
import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import Logging

/// Reads the `kotib.ini` files in users' folders, with the same precautions as for recordings.
package struct FolderSettingsReader: Sendable {
    private let files: any FileSystem
    private let logger: Logger

    package init(files: any FileSystem, logger: Logger) {
        self.files = files
        self.logger = logger
    }

    /// The settings for a recording: those of the nearest file from its folder up to its user's, as a whole.
    /// An invalid file counts as empty; a recording never waits for it.
    package func settings(for recording: Recording) async -> FolderSettings {
        var folder = recording.path.parent
        while let current = folder, let path = current.appending(FolderSettings.fileName) {
            do throws(FileError) {
                switch try await read(path) {
                case nil: break
                case .success(let settings): return settings
                case .failure(let problem): return ignore(path, "\(problem)", recording)
                }
            } catch {
                return ignore(path, "\(error)", recording)
            }
            folder = current.parent
        }
        return FolderSettings()
    }

    /// Nil where there is no such file.
    func read(_ path: InboxPath) async throws(FileError) -> Result<FolderSettings, FolderSettingsProblem>? {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in try Self.read(path, files) }
    }

    private static func read(
        _ path: InboxPath, _ files: any FileSystem
    ) throws(FileError) -> Result<FolderSettings, FolderSettingsProblem>? {
        let (file, status): (OpenFile, FileStatus)
        do throws(FileError) {
            (file, status) = try files.openForReading(path)
        } catch {
            switch error {
            case .notRegular(.folder): return nil
            case .notRegular: return .failure(.notOrdinary)
            default: break
            }
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP: return nil
            case EACCES, EPERM: return .failure(.unreadable)
            default: throw error
            }
        }
        if let problem = FolderSettings.problem(with: status) { return .failure(problem) }
        // Problems of its lines are reported, too.
        if try !files.isReadableInItsFolder(path, file, status) { return .failure(.unreadable) }
        do throws(SystemError) {
            let bytes = try file.read(upTo: FolderSettings.longest + 1)
            return Result { () throws(FolderSettingsProblem) in try FolderSettings(parsing: bytes) }
        } catch {
            throw .system(error)
        }
    }

    private func ignore(_ path: InboxPath, _ cause: String, _ recording: Recording) -> FolderSettings {
        logger.warning(
            "folder settings ignored, using the user's settings",
            metadata: ["recording": "\(recording.id)", "file": "\(path)", "cause": "\(cause)"])
        return FolderSettings()
    }
}

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
