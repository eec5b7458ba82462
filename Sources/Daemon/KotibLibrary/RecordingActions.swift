// KotibLibrary: what people do to recordings other than by their files: upload, edit, delete, transcribe
// again.

import KotibCatalog
import KotibHealth
import KotibIngest
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import Logging

public enum RetryOutcome: Hashable, Sendable {
    case queued(RecordingID)
    case notFound
    /// It is queued or running already, its audio is gone, or it was refused.
    case notNow(RecordingState, AudioState)
    /// Its audio is in the archive: it must be put back into the inbox first.
    case archived
    /// The file system that it lies on is not mounted.
    case unreachable
}

/// A refused entry that is not a file but a folder or a link. Its owner has to remove it.
public struct NotAFile: Error, Hashable, Sendable {
    var path: InboxPath
}

/// Edits, deletes and retries recordings. Each action changes both the catalog and the folder.
public struct RecordingActions: Sendable {
    private let files: any FileSystem
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let queue: TranscriptionQueue
    private let pipeline: IngestPipeline
    private let departures: DepartureRecorder
    private let deletions: DeletionExecutor
    private let board: IssueBoard
    /// Of a user who has no other.
    private let limits: Quota
    private let logger: Logger

    package init(
        files: any FileSystem, catalog: Catalog, sidecars: Sidecars, queue: TranscriptionQueue,
        pipeline: IngestPipeline, departures: DepartureRecorder, deletions: DeletionExecutor,
        board: IssueBoard, limits: Quota, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.sidecars = sidecars
        self.queue = queue
        self.pipeline = pipeline
        self.departures = departures
        self.deletions = deletions
        self.board = board
        self.limits = limits
        self.logger = logger
    }

    /// Edits the words. The sidecars are written before this returns, or stay due.
    public func edit(_ edit: TranscriptEdit) async throws -> EditOutcome {
        // One that is being deleted is nobody's to edit.
        guard try await catalog.recordings.find(edit.recording, in: edit.scope) != nil else {
            return .notFound
        }
        let outcome = try await sidecars.editor.change(edit.recording, expected: edit.expected) {
            () async throws(CatalogError) in try await catalog.revisions.edit(edit, under: limits)
        }
        log(outcome, by: edit.author)
        return outcome
    }

    private func log(_ outcome: EditOutcome, by author: UserID?) {
        guard case .edited(let revision) = outcome else { return }
        logger.info(
            "transcript edited",
            metadata: [
                "recording": "\(revision.recording)", "revision": "\(revision.id)",
                "author": "\(author.map(\.description) ?? "operator")",
            ])
    }

    /// Makes an earlier revision current again, as ``edit(_:)`` does.
    /// - Parameters:
    ///   - author: nil for the local operator.
    ///   - expected: the revision that the person saw; nil to replace any.
    public func restore(
        _ revision: RevisionID, of id: RecordingID, in scope: AccessScope, author: UserID?,
        expected: RevisionID?
    ) async throws -> EditOutcome {
        guard try await catalog.recordings.find(id, in: scope) != nil else { return .notFound }
        let outcome = try await sidecars.editor.change(id, expected: expected) {
            () async throws(CatalogError) in
            try await catalog.revisions.restore(
                revision, of: id, in: scope, author: author, expected: expected,
                under: limits)
        }
        log(outcome, by: author)
        return outcome
    }

    /// Deletes a recording with its sidecars and audio. False if it does not exist, or is not the caller's.
    /// Idempotent while the deletion is pending.
    /// - Throws: ``FileNotRemoved``, which says what has become of the recording; ``NotAFile``;
    ///   ``CatalogError``.
    public func delete(_ id: RecordingID, in scope: AccessScope) async throws -> Bool {
        guard let recording = try await catalog.recordings.find(id, in: scope) else {
            guard let deletion = try await catalog.deletions.find(of: id, in: scope) else { return false }
            try await deletions.execute(deletion)
            return true
        }
        let (file, own) = (await status(of: recording.path), recording.identity)
        if file?.identity.inode != own.inode, let renamed = await findRenamed(recording) {
            // Deleted by its old name, it would come back under the new one.
            try await pipeline.ingest(renamed.path, renamed.status)
        } else if recording.audio == .present, recording.isCurrent, let file,
            !file.identity.isSameContent(as: own)
        {
            // Whether that is the recording still is known by its content: nothing else goes.
            _ = try await inspectAgain(recording)
        }
        if recording.state == .rejected, recording.isCurrent, await isNoFile(recording.path) {
            throw NotAFile(path: recording.path)
        }
        guard let deletion = try await catalog.deletions.decide(of: id, in: scope) else { return false }
        do {
            try await deletions.execute(deletion, isReversible: true)
        } catch let error as FileNotRemoved where error.isUnchanged {
            logger.warning(
                "recording not deleted",
                metadata: ["recording": "\(id)", "file": "\(error.file)", "cause": "\(error.cause)"])
            // Its job was cancelled for nothing.
            await queue.wake()
            throw error
        } catch let error as FileNotRemoved {
            logger.notice(
                "deletion postponed",
                metadata: ["recording": "\(id)", "file": "\(error.file)", "cause": "\(error.cause)"])
            if let missing = error.waitsFor, missing != .folder {
                board.report(.deletionsPending)
            }
            throw error
        }
        return true
    }

    /// The new place of a recording's file, where its rename has not been handled yet. Nil where it is not in
    /// its user's folder, or that cannot be searched.
    private func findRenamed(_ recording: Recording) async -> (path: InboxPath, status: FileStatus)? {
        let (files, user, identity) = (files, recording.path.user, recording.identity)
        guard recording.path.depth > 1 else { return nil }
        return await BlockingWork.run {
            var found: (InboxPath, FileStatus)?
            try? FolderWalk(files).forEachFile(below: user.path) { path, status in
                guard status.identity.isSameFile(as: identity) else { return true }
                found = (path, status)
                return false
            }
            return found
        }
    }

    /// Nil where there is no file. One that cannot be examined cannot be removed either, and that error says
    /// why.
    private func status(of path: InboxPath) async -> FileStatus? {
        let files = files
        return await BlockingWork.run { try? files.examine(path) }
    }

    private func isNoFile(_ path: InboxPath) async -> Bool {
        await status(of: path).map { $0.kind != .regular } ?? false
    }

    /// Transcribes a failed or completed recording again. A refused one is inspected again first.
    public func retry(_ id: RecordingID, in scope: AccessScope) async throws -> RetryOutcome {
        guard let before = try await catalog.recordings.find(id, in: scope) else { return .notFound }
        if before.audio == .present, before.isCurrent {
            guard try await inspectAgain(before) else {
                return try await isUnreachable(before) ? .unreachable : .notNow(before.state, .gone)
            }
        }
        switch try await catalog.jobs.retry(id, in: scope) {
        case .notFound: return .notFound
        case .notNow(let now):
            if try await isArchived(now) { return .archived }
            let isAdmitted = before.state == .rejected || before.state == .failed
            if isAdmitted, [.pending, .processing].contains(now.state) { return .queued(id) }
            return .notNow(now.state, now.audio)
        case .queued(let notes):
            logger.info(
                "transcription requested again", metadata: ["recording": "\(id)", "file": "\(before.path)"])
            await queue.wake()
            try await sidecars.writer.remove(notes)
            return .queued(id)
        }
    }

    /// Writes removed texts beside a recording again, without the engine.
    public func rewriteTexts(_ id: RecordingID, in scope: AccessScope) async throws -> RewriteOutcome {
        let outcome = try await sidecars.writer.rewrite(id, in: scope)
        if [.written, .later].contains(outcome) {
            logger.info(
                "texts written again", metadata: ["recording": "\(id)", "written": "\(outcome == .written)"])
        }
        return outcome
    }

    /// Inspects the file again, as after a change: it may have changed unnoticed, or was refused.
    /// - Returns: false if it is gone.
    private func inspectAgain(_ recording: Recording) async throws -> Bool {
        let (files, path) = (files, recording.path)
        let status = try await BlockingWork.run { () throws(FileError) in try files.examine(path) }
        guard let status else {
            try await departures.nameGone(path)
            return false
        }
        if recording.state == .rejected || status.identity != recording.identity {
            try await pipeline.ingest(path, status)
        }
        return true
    }

    private func isUnreachable(_ recording: Recording) async throws(FileError) -> Bool {
        let files = files
        return try await BlockingWork.run { () throws(FileError) in
            try FileReachability(files: files).isUnreachable(recording.path, on: recording.identity.device)
        }
    }

    /// Whether a recording cannot be transcribed again because its audio is in the archive, or on its way
    /// there.
    private func isArchived(_ recording: Recording) async throws(CatalogError) -> Bool {
        guard let audio = try await catalog.archive.find(recording.id) else { return false }
        return recording.audio != .present || audio.phase != .kept
    }
}
