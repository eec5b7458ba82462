// KotibIngest: from an event to a row, and back when a file is gone.

import KotibCatalog
import KotibHealth
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibWatch
import Logging

/// Handles the files that the watcher reports as stable or removed.
///
/// An event is handled until it is recorded: a full disk or a worker that cannot start makes it wait, which
/// slows down the watcher but loses nothing.
package struct IngestPipeline: Sendable {
    private let policy: IntakePolicy
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let inspection: FileInspection
    private let registrar: RecordingRegistrar
    private let folderSettings: FolderSettingsChecker
    private let deletions: DeletionExecutor
    private let departures: DepartureRecorder
    private let recovery: Recovery
    private let retries: IngestRetryLoop
    private let enrolls: Bool
    private let logger: Logger

    /// - Parameter enrolls: whether a new first-level folder becomes a user's inbox by itself.
    package init(
        policy: IntakePolicy, catalog: Catalog, sidecars: Sidecars, inspection: FileInspection,
        registrar: RecordingRegistrar, folderSettings: FolderSettingsChecker, deletions: DeletionExecutor,
        departures: DepartureRecorder, recovery: Recovery, retries: IngestRetryLoop, enrolls: Bool,
        logger: Logger
    ) {
        self.policy = policy
        self.catalog = catalog
        self.sidecars = sidecars
        self.inspection = inspection
        self.registrar = registrar
        self.folderSettings = folderSettings
        self.deletions = deletions
        self.departures = departures
        self.recovery = recovery
        self.retries = retries
        self.enrolls = enrolls
        self.logger = logger
    }

    /// Handles one event completely. Returns early only when the task is cancelled.
    package func handle(_ inboxEvent: InboxEvent) async {
        if case .stable(let path, let status) = inboxEvent, await isRecorded(path, status) { return }
        await retries.run(for: inboxEvent) {
            switch inboxEvent {
            case .stable(let path, let status): try await ingest(path, status)
            case .removed(let path): try await departures.nameGone(path)
            case .scanFinished: try await recovery.reconcile()
            }
        }
    }

    /// For each file that a scan found, whether nothing needs to be done: folders and texts, and files that
    /// are recorded in exactly this state.
    package func isKnown(_ candidates: [InboxWatcher.Candidate]) async -> [Bool] {
        do throws(CatalogError) {
            let recorded = try await catalog.ingest.isKnown(candidates.map { ($0.path, $0.status.identity) })
            let edited = try await catalog.sidecars.isTouchedTranscript(
                candidates.map { ($0.path, $0.status.identity) })
            return candidates.indices.map { index in
                let candidate = candidates[index]
                return recorded[index]
                    || (!edited[index] && policy.classify(candidate.path, candidate.status) == .notARecording)
            }
        } catch {
            logger.error("cannot read the catalog", metadata: ["cause": "\(error)"])
            // Told again, they wait for the catalog one by one.
            return candidates.map { _ in false }
        }
    }

    /// An upload is recorded before the watcher sees it; a file that a scan came across may be by now.
    private func isRecorded(_ path: InboxPath, _ status: FileStatus) async -> Bool {
        // Without the catalog's answer, the handling waits for it.
        (try? await catalog.ingest.isKnown([(path, status.identity)])) == [true]
    }

    /// Records a stable file in the state that was seen. Tries once.
    package func ingest(_ path: InboxPath, _ status: FileStatus) async throws {
        let judgement = policy.classify(path, status)
        if judgement != .notARecording, status.kind == .regular,
            let deletion = try await catalog.deletions.awaiting(of: path, status.identity)
        {
            try await deletions.fileArrived(deletion, at: path)
            // Otherwise it was removed, or will be.
            guard try await isAnother(path, status, than: deletion.recording) else { return }
        }
        if judgement != .notARecording, try await isUnenrolled(path) {
            return try await refuseUnenrolled(path, status.identity)
        }
        switch judgement {
        case .notARecording:
            if status.kind == .regular { try await sidecars.editor.saved(path) }
            if status.kind == .folder { try await departures.replacedByFolder(path) }
        case .refused(let rejection):
            try await registrar.refuse(path, status.identity, rejection)
        case .folderSettings:
            try await folderSettings.check(path, status)
        case .inspect(let fileExtension):
            try await inspection.inspect(path, status, fileExtension)
        }
    }

    /// Whether a file still exists after the deletion of the recording that had its path.
    private func isAnother(
        _ path: InboxPath, _ status: FileStatus, than deleted: Recording
    ) async throws -> Bool {
        guard try await catalog.recordings.find(deleted.id) == nil else { return false }
        return try await deletions.isUnchanged(path, status)
    }

    /// Whether it lies in a folder that an administrator has not enrolled as a user's.
    private func isUnenrolled(_ path: InboxPath) async throws(CatalogError) -> Bool {
        guard !enrolls, path.depth > 1 else { return false }
        return try await !catalog.users.isEnrolled(path.user)
    }

    /// Recorded once. Later scans check the file again, since the folder may be a user's by then.
    private func refuseUnenrolled(_ path: InboxPath, _ identity: FileIdentity) async throws {
        let known = try await catalog.recordings.current(path)
        if known?.identity == identity, known?.errorCode == Rejection.notEnrolled.code { return }
        try await registrar.refuse(path, identity, .notEnrolled)
    }
}
