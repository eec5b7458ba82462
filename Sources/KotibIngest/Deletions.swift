import Glibc
import KotibCatalog
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

    public var description: String {
        let outcome =
            isUnchanged
            ? "nothing was deleted"
            : "the recording is deleted, and the file will be as soon as that is possible"
        return "“\(file)” could not be removed (\(cause)): \(outcome)"
            + (cause.advice.map { "; \($0)" } ?? "")
    }
}

/// Carries out the deletions that the catalog has decided: first the audio, then the sidecars, then the row.
///
/// Safe to run at any time, also twice at once, and from wherever a crash left it. A file that is not the
/// recording's own any more is left alone, and so is everything outside its owner's folder.
struct Deletions: Sendable {
    let files: any FileSystem
    let catalog: Catalog
    let queue: TranscriptionQueue
    /// Nobody writes beside a recording while it goes.
    let turns: RecordingTurns
    let archive: ArchiveFolder?
    let logger: Logger

    /// More often no sidecar is written anew while a recording goes.
    private static let rounds = 10

    /// Carries out what is left of earlier tries and earlier daemons.
    func resume() async throws {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.deletions(after: last, limit: 100)
            guard let end = page.last else { return }
            for deletion in page { try await tryAgain(deletion) }
            last = end.recording.id
        }
    }

    private func tryAgain(_ deletion: Deletion) async throws {
        do {
            try await carryOut(deletion)
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
    }

    /// - Parameter canBeTakenBack: whether the decision is, where nothing could be removed.
    /// - Throws: ``FileNotRemoved``, ``CatalogError``.
    func carryOut(_ deletion: Deletion, canBeTakenBack: Bool = false) async throws {
        let id = deletion.recording.id
        // Until its end a job may still write a text.
        await queue.end(id)
        try await turns.take(at: deletion.recording.path) {
            do {
                try await removeAll(of: deletion)
            } catch let error as FileNotRemoved where canBeTakenBack && error.isUnchanged {
                try await catalog.withdrawDeletion(of: id)
                throw error
            }
        }
    }

    /// With the turn.
    private func removeAll(of deletion: Deletion) async throws {
        let id = deletion.recording.id
        // Done by somebody else, or taken back: what can be seen is not being deleted.
        guard let recording = try await catalog.recording(id),
            try await catalog.recording(id, in: .everyone) == nil
        else { return }
        var isUnchanged = true
        if recording.audio == .present {
            try await remove(recording.path, ifStill: recording.identity, deletion, &isUnchanged)
        }
        if let audio = try await catalog.archived(id) {
            try await remove(audio, of: recording, &isUnchanged)
        }
        for _ in 1...Self.rounds {
            for sidecar in try await catalog.ownedSidecars(of: id) {
                try await remove(sidecar, deletion, &isUnchanged)
            }
            if try await catalog.finishDeletion(of: id) {
                // One that was being claimed as its deletion was decided.
                await queue.cancel(id)
                return logger.info(
                    "recording deleted", metadata: ["recording": "\(id)", "file": "\(recording.path)"])
            }
        }
    }

    private func remove(_ sidecar: Sidecar, _ deletion: Deletion, _ isUnchanged: inout Bool) async throws {
        // A person's changes of the transcript are the recording's words and go with it. Any other text that a
        // person has changed is theirs.
        var identity: FileIdentity?
        if sidecar.kind != .transcript {
            identity = try await status(of: sidecar.path, isUnchanged)?.identity
            if let identity, !sidecar.isUntouched(identity) {
                return try await catalog.sidecarRemoved(sidecar.path)
            }
        }
        try await remove(sidecar.path, ifStill: identity, deletion, &isUnchanged)
        try await catalog.sidecarRemoved(sidecar.path)
    }

    private func status(
        of path: InboxPath, _ isUnchanged: Bool
    ) async throws(FileNotRemoved) -> FileStatus? {
        let files = files
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in try files.examine(path) }
        } catch {
            if Self.hasNoFolder(error) { return nil }
            throw FileNotRemoved(file: path, cause: error, isUnchanged: isUnchanged)
        }
    }

    /// - Parameter identity: nil for whatever file has the name.
    private func remove(
        _ path: InboxPath, ifStill identity: FileIdentity?, _ deletion: Deletion, _ isUnchanged: inout Bool
    ) async throws(FileNotRemoved) {
        guard Self.belongs(path, to: deletion) else { return }
        let files = files
        do throws(FileError) {
            let isGone = try await BlockingWork.run { () throws(FileError) in
                try Self.remove(path, ifStill: identity, files)
            }
            if isGone { isUnchanged = false }
        } catch {
            // A fault in the middle may have left the file without its name.
            let stands = await BlockingWork.run { (try? files.examine(path)) != .some(nil) }
            throw FileNotRemoved(file: path, cause: error, isUnchanged: isUnchanged && stands)
        }
    }

    /// - Returns: whether there was such a file.
    private static func remove(
        _ path: InboxPath, ifStill identity: FileIdentity?, _ files: any FileSystem
    ) throws(FileError) -> Bool {
        do throws(FileError) {
            guard let status = try files.examine(path) else {
                // Removed before a crash, perhaps, and a power cut could still undo that.
                try files.synchronize(files.openFolder(path.parent))
                return true
            }
            guard status.kind == .regular, identity.map(status.identity.isSameContent) ?? true else {
                return false
            }
            return try AtomicFile(files).remove(path, ifStill: status.identity)
        } catch {
            if hasNoFolder(error) { return true }
            throw error
        }
    }

    /// The folder is gone, and its files with it.
    private static func hasNoFolder(_ error: FileError) -> Bool {
        [ENOENT, ENOTDIR, ELOOP].contains(error.code)
    }

    /// What has no user is a refused file, and its note: directly in the inbox, or in a folder that is nobody's.
    private static func belongs(_ path: InboxPath, to deletion: Deletion) -> Bool {
        let lies = deletion.recording.path
        guard let folder = deletion.folder ?? (lies.depth > 1 ? lies.user : nil) else {
            return path.depth == 1
        }
        return path.depth > 1 && path.user == folder
    }
}
