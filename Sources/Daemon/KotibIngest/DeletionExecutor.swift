import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import Logging

/// Executes the deletions that the catalog has decided: first the audio, then the sidecars, then the row.
///
/// Idempotent; safe to run at any time, concurrently, and after a crash at any point. A file that is not the
/// recording's own any more is left alone, and so is everything outside its owner's folder. A file that is
/// unreachable now keeps its row, so that it never becomes a new recording.
package struct DeletionExecutor: Sendable {
    private let files: any FileSystem
    private let catalog: Catalog
    private let queue: TranscriptionQueue
    /// Nobody writes beside a recording while it goes.
    private let sidecars: Sidecars
    private let mounts: MountHistory
    private let archive: (any ArchivedAudioRemover)?
    private let board: IssueBoard
    private let logger: Logger

    /// - Parameter archive: nil where none is set.
    package init(
        files: any FileSystem, catalog: Catalog, queue: TranscriptionQueue, sidecars: Sidecars,
        mounts: MountHistory, archive: (any ArchivedAudioRemover)?, board: IssueBoard, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.queue = queue
        self.sidecars = sidecars
        self.mounts = mounts
        self.archive = archive
        self.board = board
        self.logger = logger
    }

    /// Continues all pending deletions.
    package func resume() async throws {
        var last: RecordingID?
        var waiting = 0
        while !Task.isCancelled {
            let page = try await catalog.deletions.page(after: last, limit: 100)
            guard let end = page.last else {
                if waiting == 0 { board.resolve(.deletionsPending) }
                return
            }
            for deletion in page {
                // A folder that somebody removed is no problem of who looks after the service.
                if let missing = try await retry(deletion), missing != .folder { waiting += 1 }
            }
            if waiting > 0 { board.report(.deletionsPending, ["count": "\(waiting)"]) }
            last = end.recording.id
        }
    }

    /// A file of a pending deletion has arrived.
    func fileArrived(_ deletion: Deletion, at path: InboxPath) async throws {
        _ = try await retry(deletion, foundAt: path)
    }

    /// Whether the file at a path is unchanged.
    func isUnchanged(_ path: InboxPath, _ status: FileStatus) async throws(FileError) -> Bool {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in
            try files.examine(path)?.identity == status.identity
        }
    }

    /// - Returns: the location that the deletion waits for.
    private func retry(_ deletion: Deletion, foundAt path: InboxPath? = nil) async throws -> MissingLocation?
    {
        do {
            try await execute(deletion, foundAt: path)
        } catch let error as FileNotRemoved where error.waitsFor != nil {
            return error.waitsFor
        } catch let error as FileNotRemoved {
            logger.warning(
                "cannot remove file of deleted recording, retrying later",
                metadata: [
                    "recording": "\(deletion.recording.id)", "file": "\(error.file)",
                    "cause": "\(error.cause)",
                ])
        } catch let error as CatalogError where !error.isRetryable {
            // One recording's row that cannot be read hides no other.
            logger.error(
                "deletion failed",
                metadata: ["recording": "\(deletion.recording.id)", "cause": "\(error)"])
        }
        return nil
    }

    /// - Parameters:
    ///   - path: the path where its file was found; nil for its own path.
    ///   - isReversible: whether the decision is withdrawn if nothing can be removed.
    /// - Throws: ``FileNotRemoved``, ``CatalogError``.
    package func execute(
        _ deletion: Deletion, foundAt path: InboxPath? = nil, isReversible: Bool = false
    ) async throws {
        let id = deletion.recording.id
        // Until its end a job may still write a text.
        await queue.cancelAndWait(id)
        let old = deletion.recording.path
        try await sidecars.locks.withLock(on: old, and: path ?? old) {
            do {
                var removal = DeletionFileRemoval(
                    of: deletion, files: files, catalog: catalog, queue: queue, sidecars: sidecars,
                    mounts: mounts, archive: archive, board: board, logger: logger)
                try await removal.removeAll(foundAt: path ?? old)
            } catch let error as FileNotRemoved where isReversible && error.isUnchanged {
                try await catalog.deletions.withdraw(of: id)
                throw error
            }
        }
    }
}

/// A file of a recording that is being deleted could not be removed.
public struct FileNotRemoved: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: InboxPath
    public var cause: FileError
    /// Whether the recording and all its files still exist. Otherwise the rest is removed as soon as
    /// possible, and the recording is invisible.
    public var isUnchanged: Bool
    /// The location that the deletion waits for; nil if the file is there.
    public var waitsFor: MissingLocation?

    public var description: String {
        let outcome =
            isUnchanged
            ? "nothing was deleted"
            : waitsFor == nil
                ? "the recording is deleted, and the file will be as soon as that is possible"
                : "the recording is deleted, and the file will be when it is there again"
        return "“\(file)” could not be removed (\(cause)): \(outcome)"
            + (cause.advice.map { "; \($0)" } ?? "")
    }
}

/// The missing location of a file that is to be deleted.
public enum MissingLocation: Hashable, Sendable {
    /// Its folder is gone, or was renamed.
    case folder
    /// Its file system is not mounted.
    case fileSystem
    /// The archive is not there.
    case archive
}

/// The archive, as far as deletions need it. The calls block.
package protocol ArchivedAudioRemover: Sendable {
    /// Deletes a recording's audio from the archive, and temporary files that a crash left of it.
    /// - Returns: false where the archive is missing or not mounted.
    func remove(_ audio: ArchivedAudio, of recording: Recording) throws(FileError) -> Bool

    /// Whether a file has the audio's name, or that cannot be checked.
    func mayHold(_ audio: ArchivedAudio) -> Bool
}
