import KotibCatalog
import KotibHealth
import KotibModel
import KotibSidecars
import KotibTranscription
import KotibWatch

/// Compares the inbox with the catalog. Idempotent; run at start and after each scan.
package struct Recovery: Sendable {
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let queue: TranscriptionQueue
    private let deletions: DeletionExecutor
    private let departures: DepartureRecorder
    private let sweep: PresenceSweep
    private let mounts: MountHistory
    private let board: IssueBoard
    private let enrolls: Bool

    /// - Parameter enrolls: whether a new first-level folder becomes a user's inbox by itself.
    package init(
        catalog: Catalog, sidecars: Sidecars, queue: TranscriptionQueue, deletions: DeletionExecutor,
        departures: DepartureRecorder, sweep: PresenceSweep, mounts: MountHistory, board: IssueBoard,
        enrolls: Bool
    ) {
        self.catalog = catalog
        self.sidecars = sidecars
        self.queue = queue
        self.deletions = deletions
        self.departures = departures
        self.sweep = sweep
        self.mounts = mounts
        self.board = board
        self.enrolls = enrolls
    }

    /// Completes interrupted deletions and moves, writes due texts, and finds files that were removed without
    /// an event.
    func reconcile() async throws {
        try await mounts.update()
        try await sidecars.intents.recoverAll()
        try await deletions.resume()
        try await sidecars.mover.finishMoves()
        try await writeAllDue()
        let hasSeenInbox = try await sweep.run()
        try await departures.pruneRefused()
        // Otherwise who is a user is for an administrator to say.
        if enrolls { try await departures.pruneUsers() }
        if try await catalog.adoption.adoptsTexts() {
            try await sidecars.editor.adoptTexts()
            if hasSeenInbox, !board.isInboxInDoubt { try await catalog.adoption.end() }
        }
        if try await !catalog.refusals.hasTooMany() { board.resolve(.tooManyRejectedFiles) }
        await queue.wake()
    }

    /// Tries again to write the texts that could not be written beside their recordings.
    package func writeWaitingTexts() async throws(CatalogError) {
        guard board.openIssues.keys.contains(where: \.concernsTexts) else { return }
        try await writeAllDue()
    }

    /// Writes all due texts, and updates the issues that keep texts from being written.
    private func writeAllDue() async throws(CatalogError) {
        board.beginCheck()
        try await sidecars.writer.writeAllDue()
        board.endCheck()
    }
}
