import Glibc
import KotibCatalog
import KotibIntake
import KotibModel
import KotibPOSIX
import Logging

/// Opens a file once, has a worker inspect that descriptor, and registers the verdict.
///
/// A file that changes meanwhile is left alone: the change makes the watcher report it again.
package struct FileInspection: Sendable {
    private let files: any FileSystem
    private let inspector: any Inspecting
    private let catalog: Catalog
    private let moves: MoveTracker
    private let registrar: RecordingRegistrar
    private let timeout: IncompleteFileTimeout
    private let logger: Logger

    package init(
        files: any FileSystem, inspector: any Inspecting, catalog: Catalog, moves: MoveTracker,
        registrar: RecordingRegistrar, timeout: IncompleteFileTimeout, logger: Logger
    ) {
        self.files = files
        self.inspector = inspector
        self.catalog = catalog
        self.moves = moves
        self.registrar = registrar
        self.timeout = timeout
        self.logger = logger
    }

    func inspect(_ path: InboxPath, _ status: FileStatus, _ fileExtension: String) async throws {
        if try await moves.moveUnchanged(to: path, status.identity) { return }
        let files = files
        let opened: Opened
        do throws(FileError) {
            opened = try await open(path)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP: return
            case EACCES, EPERM:
                // The watcher reports a folder that may not be entered, and tries again.
                if await isUnreachable(path) { return }
                return try await registrar.refuse(path, status.identity, .unreadable)
            default: throw error
            }
        }
        guard opened.status.identity == status.identity else { return }
        guard opened.isReadable else { return try await registrar.refuse(path, status.identity, .foreign) }
        let file = opened.file
        let origin = try await moves.origin(ofGrown: path, status.identity)
        let known = try await catalog.recordings.current(path)
        var result = try await inspect(opened, path, fileExtension, after: origin ?? known)
        if let origin, let known, case .facts(let facts) = result, facts.continues != origin.facts?.sound {
            result = try await inspect(opened, path, fileExtension, after: known)
        }
        let still = try await BlockingWork.run { () throws(FileError) in
            try (files.status(of: file).identity, files.examine(path)?.identity)
        }
        guard still.0 == status.identity, still.1 == status.identity else {
            logger.debug("file changed during inspection", metadata: ["file": "\(path)"])
            return
        }
        switch result {
        case .facts(let facts):
            if let origin, facts.continues == origin.facts?.sound {
                try await moves.moveGrown(origin, to: path)
            }
            try await registrar.acceptOrRefuse(path, status.identity, facts, opened.doubt)
        case .refused(let rejection): try await registrar.refuse(path, status.identity, rejection)
        }
    }

    /// - Parameter earlier: the recording that the file may be, grown.
    private func inspect(
        _ opened: Opened, _ path: InboxPath, _ fileExtension: String, after earlier: Recording?
    ) async throws(InspectionError) -> InspectionResult {
        let (file, status, timeout) = (opened.file, opened.status, timeout)
        return try await inspector.inspect(
            file, of: path.user, fileExtension: fileExtension, size: status.identity.size,
            after: earlier?.facts?.sound,
            takesIncomplete: await BlockingWork.run { timeout.hasPassed(file, status) })
    }

    private struct Opened: Sendable {
        var file: OpenFile
        var status: FileStatus
        /// Whether the folder's people could have read it themselves.
        var isReadable: Bool
        var doubt: ContentDoubt
    }

    private func open(_ path: InboxPath) async throws(FileError) -> Opened {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in
            let (file, status) = try files.openForReading(path)
            return Opened(
                file: file, status: status,
                isReadable: try files.isReadableInItsFolder(path, file, status),
                doubt: ContentDoubt(WriterCheck(file)))
        }
    }

    private func isUnreachable(_ path: InboxPath) async -> Bool {
        let files = files
        return await BlockingWork.run {
            do throws(FileError) {
                return try files.examine(path) == nil
            } catch {
                return true
            }
        }
    }
}
