import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import Logging

/// Carries out the deletions that the catalog has decided: first the audio, then the sidecars, then the row.
///
/// Safe to run at any time, also twice at once, and from wherever a crash left it. A file that is not the
/// recording's own any more is left alone, and so is everything outside its owner's folder. What cannot be
/// looked for now keeps its row until it is back, so that it never becomes a new recording.
package struct DeletionExecutor: Sendable {
    private let files: any FileSystem
    private let catalog: Catalog
    private let queue: TranscriptionQueue
    /// Nobody writes beside a recording while it goes.
    private let sidecars: Sidecars
    private let archive: (any ArchivedAudioRemover)?
    private let board: IssueBoard
    private let logger: Logger
    package var now: @Sendable () -> Date = { Date() }

    /// - Parameter archive: nil where none is set.
    package init(
        files: any FileSystem, catalog: Catalog, queue: TranscriptionQueue, sidecars: Sidecars,
        archive: (any ArchivedAudioRemover)?, board: IssueBoard, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.queue = queue
        self.sidecars = sidecars
        self.archive = archive
        self.board = board
        self.logger = logger
    }

    /// Seconds for which a folder that is gone may come back with the file that is to be deleted. A file
    /// system that is not mounted is waited for however long that takes.
    private static let missingFolderTimeout: TimeInterval = 7 * 86_400

    /// Carries out what is left of earlier tries and earlier daemons.
    package func resume() async throws {
        var last: RecordingID?
        var waiting = 0
        while !Task.isCancelled {
            let page = try await catalog.deletions.page(after: last, limit: 100)
            guard let end = page.last else {
                if waiting == 0 { board.resolve(.deletionsWait) }
                return
            }
            for deletion in page {
                // A folder that somebody removed is no problem of who looks after the service.
                if let missing = try await retry(deletion), missing != .folder { waiting += 1 }
            }
            if waiting > 0 { board.report(.deletionsWait, ["count": "\(waiting)"]) }
            last = end.recording.id
        }
    }

    /// The file that a deletion waits for has arrived.
    func fileArrived(_ deletion: Deletion, at path: InboxPath) async throws {
        _ = try await retry(deletion, foundAt: path)
    }

    /// Whether a file is at its path as it was.
    func stands(_ path: InboxPath, _ status: FileStatus) async throws(FileError) -> Bool {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in
            try files.examine(path)?.identity == status.identity
        }
    }

    /// - Returns: the place that has to come back first.
    private func retry(_ deletion: Deletion, foundAt path: InboxPath? = nil) async throws -> MissingPlace? {
        do {
            try await execute(deletion, foundAt: path)
        } catch let error as FileNotRemoved where error.waitsFor != nil {
            return error.waitsFor
        } catch let error as FileNotRemoved {
            logger.warning(
                "a deleted recording's file is still there; it will be tried again",
                metadata: [
                    "recording": "\(deletion.recording.id)", "file": "\(error.file)",
                    "cause": "\(error.cause)",
                ])
        } catch let error as CatalogError where !error.isRetryable {
            // One recording's row that cannot be read hides no other.
            logger.error(
                "a deletion cannot be carried out",
                metadata: ["recording": "\(deletion.recording.id)", "cause": "\(error)"])
        }
        return nil
    }

    /// - Parameters:
    ///   - path: where its file has turned up; nil for its own path.
    ///   - canBeTakenBack: whether the decision is, where nothing could be removed.
    /// - Throws: ``FileNotRemoved``, ``CatalogError``.
    package func execute(
        _ deletion: Deletion, foundAt path: InboxPath? = nil, canBeTakenBack: Bool = false
    ) async throws {
        let id = deletion.recording.id
        // Until its end a job may still write a text.
        await queue.end(id)
        let old = deletion.recording.path
        try await sidecars.locks.withLock(on: old, and: path ?? old) {
            do {
                var removal = DeletionFileRemoval(
                    of: deletion, files: files, catalog: catalog, queue: queue, sidecars: sidecars,
                    archive: archive, board: board, logger: logger,
                    waitsForFolder: now().timeIntervalSince(deletion.requested) <= Self.missingFolderTimeout)
                try await removal.removeAll(foundAt: path ?? old)
            } catch let error as FileNotRemoved where canBeTakenBack && error.isUnchanged {
                try await catalog.deletions.withdraw(of: id)
                throw error
            }
        }
    }
}
