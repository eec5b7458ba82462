import FoundationEssentials
import Glibc
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import Logging

/// A file of a recording that is being deleted could not be removed.
public struct FileNotRemoved: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: InboxPath
    public var cause: FileError
    /// Whether the recording and all its files are there as before. Otherwise what is left is removed as soon as
    /// it can be, and nobody sees the recording any more.
    public var isUnchanged: Bool
    /// What has to come back first; nil where the file is there.
    public var waitsFor: MissingPlace?

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

/// Why a file that is to be deleted cannot be looked for.
public enum MissingPlace: Hashable, Sendable {
    /// Its folder is gone, or was renamed.
    case folder
    /// Its file system is not mounted.
    case fileSystem
    /// The archive is not there.
    case archive
}

/// Carries out the deletions that the catalog has decided: first the audio, then the sidecars, then the row.
///
/// Safe to run at any time, also twice at once, and from wherever a crash left it. A file that is not the
/// recording's own any more is left alone, and so is everything outside its owner's folder. What cannot be looked for
/// now keeps its row until it is back, so that it never becomes a new recording.
struct Deletions: Sendable {
    let files: any FileSystem
    let catalog: Catalog
    let queue: TranscriptionQueue
    /// Nobody writes beside a recording while it goes.
    let sidecars: SidecarWriter
    let archive: ArchiveFolder?
    let board: IssueBoard
    let logger: Logger
    var now: @Sendable () -> Date = { Date() }

    /// Seconds for which a folder that is gone may come back with what is to be deleted in it. A file system that is
    /// not mounted is waited for however long that takes.
    static let folderPatience: TimeInterval = 7 * 86_400

    /// Carries out what is left of earlier tries and earlier daemons.
    func resume() async throws {
        var last: RecordingID?
        var waiting = 0
        while !Task.isCancelled {
            let page = try await catalog.deletions(after: last, limit: 100)
            guard let end = page.last else {
                if waiting == 0 { board.resolve(.deletionsWait) }
                return
            }
            for deletion in page {
                // A folder that somebody removed is no problem of who looks after the service.
                if let missing = try await tryAgain(deletion), missing != .folder { waiting += 1 }
            }
            if waiting > 0 { board.report(.deletionsWait, ["count": "\(waiting)"]) }
            last = end.recording.id
        }
    }

    /// The file that a deletion waits for has arrived.
    func arrived(_ deletion: Deletion, at path: InboxPath) async throws {
        _ = try await tryAgain(deletion, foundAt: path)
    }

    /// - Returns: what has to come back first.
    private func tryAgain(_ deletion: Deletion, foundAt path: InboxPath? = nil) async throws -> MissingPlace?
    {
        do {
            try await carryOut(deletion, foundAt: path)
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
    func carryOut(
        _ deletion: Deletion, foundAt path: InboxPath? = nil, canBeTakenBack: Bool = false
    ) async throws {
        let id = deletion.recording.id
        // Until its end a job may still write a text.
        await queue.end(id)
        let old = deletion.recording.path
        try await sidecars.turns.take(at: old, and: path ?? old) {
            do {
                var removal = DeletionRemoval(deletions: self, deletion: deletion)
                try await removal.removeAll(foundAt: path ?? old)
            } catch let error as FileNotRemoved where canBeTakenBack && error.isUnchanged {
                try await catalog.withdrawDeletion(of: id)
                throw error
            }
        }
    }

    var isInboxInDoubt: Bool { board.isInboxInDoubt }
}
