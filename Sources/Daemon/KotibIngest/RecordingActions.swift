import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import Logging

public enum RetryOutcome: Hashable, Sendable {
    case queued(RecordingID)
    case notFound
    /// It waits or runs already, its audio is gone, or it was refused.
    case notNow(RecordingState, AudioState)
    /// Its audio is in the archive: who puts it back into the inbox can have it transcribed again.
    case archived
}

/// What people do to recordings other than by their files: each ends in the catalog and in the folder alike.
public struct RecordingActions: Sendable {
    let pipeline: IngestPipeline
    let catalog: Catalog

    /// - Parameter pipeline: the one that handles what lies in the inbox.
    public init(_ pipeline: IngestPipeline) {
        self.pipeline = pipeline
        catalog = pipeline.catalog
    }

    /// Changes the words; the sidecars are written before this returns, or stay due.
    public func edit(_ edit: TranscriptEdit) async throws -> EditOutcome {
        // One that is being deleted is nobody's to edit.
        guard try await catalog.recording(edit.recording, in: edit.scope) != nil else { return .notFound }
        let outcome = try await pipeline.sidecars.change(edit.recording, expected: edit.expected) {
            () async throws(CatalogError) in try await catalog.edit(edit, under: pipeline.quotas.limits)
        }
        log(outcome, by: edit.author)
        return outcome
    }

    private func log(_ outcome: EditOutcome, by author: UserID?) {
        guard case .edited(let revision) = outcome else { return }
        pipeline.logger.info(
            "transcript edited",
            metadata: [
                "recording": "\(revision.recording)", "revision": "\(revision.id)",
                "author": "\(author.map(\.description) ?? "operator")",
            ])
    }

    /// Shows an earlier revision again, as ``edit(_:)`` does.
    /// - Parameters:
    ///   - author: nil for the local operator.
    ///   - expected: the revision that the person saw; nil to write over whatever is there.
    public func restore(
        _ revision: RevisionID, of id: RecordingID, in scope: AccessScope, author: UserID?,
        expected: RevisionID?
    ) async throws -> EditOutcome {
        guard try await catalog.recording(id, in: scope) != nil else { return .notFound }
        let outcome = try await pipeline.sidecars.change(id, expected: expected) {
            () async throws(CatalogError) in
            try await catalog.restore(
                revision, of: id, in: scope, author: author, expected: expected,
                under: pipeline.quotas.limits)
        }
        log(outcome, by: author)
        return outcome
    }

    /// Removes recording, sidecars and audio. False where there is none, or it is not the caller's. One whose deletion
    /// waits may be asked for again.
    /// - Throws: ``FileNotRemoved``, which says what has become of the recording; ``CatalogError``.
    public func delete(_ id: RecordingID, in scope: AccessScope) async throws -> Bool {
        guard let recording = try await catalog.recording(id, in: scope) else {
            guard let deletion = try await catalog.deletion(of: id, in: scope) else { return false }
            try await pipeline.recovery.deletions.carryOut(deletion)
            return true
        }
        if recording.audio == .present, recording.isCurrent, await isTouched(recording) {
            // Whether that is the recording still is known by its content: nothing else goes.
            _ = try await lookAgain(at: recording)
        }
        guard let deletion = try await catalog.decideDeletion(of: id, in: scope) else { return false }
        do {
            try await pipeline.recovery.deletions.carryOut(deletion, canBeTakenBack: true)
        } catch let error as FileNotRemoved where error.isUnchanged {
            pipeline.logger.warning(
                "recording not deleted",
                metadata: ["recording": "\(id)", "file": "\(error.file)", "cause": "\(error.cause)"])
            // Its job was cancelled for nothing.
            await pipeline.queue.wake()
            throw error
        } catch let error as FileNotRemoved {
            pipeline.logger.notice(
                "deletion waits",
                metadata: ["recording": "\(id)", "file": "\(error.file)", "cause": "\(error.cause)"])
            if let missing = error.waitsFor, missing != .folder {
                pipeline.recovery.board.report(.deletionsWait)
            }
            throw error
        }
        return true
    }

    /// Whether there is a file, and it is not as it was when it was recorded.
    private func isTouched(_ recording: Recording) async -> Bool {
        let files = pipeline.files
        // What cannot be looked at now cannot be removed either, and that tells why.
        let status = await BlockingWork.run { try? files.examine(recording.path) }
        return status.map { !$0.identity.isSameContent(as: recording.identity) } ?? false
    }

    /// Transcribes again what failed or was completed; what was refused is looked at again first.
    public func retry(_ id: RecordingID, in scope: AccessScope) async throws -> RetryOutcome {
        guard let before = try await catalog.recording(id, in: scope) else { return .notFound }
        if before.audio == .present, before.isCurrent {
            guard try await lookAgain(at: before) else { return .notNow(before.state, .gone) }
        }
        switch try await catalog.retry(id, in: scope) {
        case .notFound: return .notFound
        case .notNow(let now):
            if try await isArchived(now) { return .archived }
            let isAdmitted = before.state == .rejected || before.state == .failed
            if isAdmitted, [.pending, .processing].contains(now.state) { return .queued(id) }
            return .notNow(now.state, now.audio)
        case .queued(let notes):
            pipeline.logger.info(
                "recording is transcribed again", metadata: ["recording": "\(id)", "file": "\(before.path)"])
            await pipeline.queue.wake()
            try await pipeline.sidecars.remove(notes)
            return .queued(id)
        }
    }

    /// Writes the texts beside a recording again that somebody removed; the engine is not asked.
    public func putBackTexts(_ id: RecordingID, in scope: AccessScope) async throws -> PutBack {
        let outcome = try await pipeline.sidecars.putBack(id, in: scope)
        if [.written, .later].contains(outcome) {
            pipeline.logger.info(
                "texts put back", metadata: ["recording": "\(id)", "written": "\(outcome == .written)"])
        }
        return outcome
    }

    /// As if somebody had touched the file: what changed without a word, or was refused, is inspected again.
    /// - Returns: false where it is gone.
    private func lookAgain(at recording: Recording) async throws -> Bool {
        let (files, path) = (pipeline.files, recording.path)
        let status = try await BlockingWork.run { () throws(FileError) in try files.examine(path) }
        guard let status else {
            try await pipeline.recovery.gone(path)
            return false
        }
        if recording.state == .rejected || status.identity != recording.identity {
            try await pipeline.settled(path, status)
        }
        return true
    }

    /// Why an upload would be in vain, before any of it is read; nil where it may succeed.
    /// - Parameter size: bytes that the file has at least; 0 where that is not known.
    public func refusal(
        ofUploadTo user: UserID, atLeast size: Int64
    ) async throws(CatalogError) -> Rejection? {
        // Any recording takes some room and some time.
        let claim = QuotaClaim(size: max(1, size), milliseconds: 1)
        let rejection = try await pipeline.uploads.refusal(
            of: claim, by: user, in: catalog, under: pipeline.quotas)
        if let rejection {
            pipeline.logger.notice(
                "upload refused",
                metadata: ["user": "\(user)", "size": "\(size)", "reason": "\(rejection.code)"])
        }
        return rejection
    }

    /// Begins an upload into a user's folder, which is made where it is missing.
    /// - Parameters:
    ///   - name: as the client calls the file; where it is taken, ` (2)` and so on is put before the ending.
    ///   - size: bytes that the file has at least; 0 where that is not known. They count against the quota from now on.
    /// - Throws: ``Rejection`` where no file of that name is taken, or there is no room for it; ``UploadError``;
    ///   ``FileError``; ``CatalogError``.
    public func upload(_ name: String, to user: UserID, atLeast size: Int64 = 0) async throws -> Upload {
        try await Upload(name, to: user, size: size, pipeline)
    }
}
