import FoundationEssentials
import Glibc
import KotibCatalog
import KotibHealth
import KotibIngest
import KotibModel
import KotibPOSIX
import Logging

/// Archives recordings as they come of age, and sleeps in between.
///
/// Each pass handles the due recordings a few at a time, one after the other, so that the catalog is never
/// held up for long. A recording that cannot be archived is skipped and retried later. While the archive
/// itself cannot be used, only opening it is retried.
package struct ArchiveScheduler: Sendable {
    /// Of the catalog at once.
    private static let page = 16
    /// The longest pause, since clocks are set and machines sleep.
    private static let longestPause = Duration.seconds(3600)
    /// The delay before a failed recording is retried.
    private static let pauseOfRecordings = Duration.seconds(300)
    /// The delay before an unusable archive is retried.
    private static let pauseOfArchive = Duration.seconds(30)

    private let folder: ArchiveFolder
    private let archiver: Archiver
    private let catalog: Catalog
    private let deletions: DeletionExecutor
    private let board: IssueBoard
    /// Nil if nothing more is archived, and only interrupted moves are completed.
    private let age: Duration?
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void
    private let reported = ReportedArchiveFaults()

    /// - Parameters:
    ///   - age: how long a recording rests before it is archived; nil for never.
    ///   - now: the time that is compared with the catalog's.
    package init(
        folder: ArchiveFolder, archiver: Archiver, catalog: Catalog, deletions: DeletionExecutor,
        board: IssueBoard, age: Duration?, logger: Logger, now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.folder = folder
        self.archiver = archiver
        self.catalog = catalog
        self.deletions = deletions
        self.board = board
        self.age = age
        self.logger = logger
        self.now = now
        self.sleep = sleep
    }

    /// Until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let pause = await pass()
            // Cancelled: the loop's condition ends it.
            try? await sleep(pause)
        }
    }

    /// Archives all that is of age.
    /// - Returns: the pause before the next pass.
    func pass() async -> Duration {
        var round = Round()
        do {
            try await openArchive()
            // The archive may be what they wait for.
            if board.isOpen(.deletionsPending) { try await deletions.resume() }
            try await finishAll(&round)
            if let age { try await archiveAll(restingSince: now() - age.seconds, &round) }
            if round.failed == 0 { reported.removeAll() }
            show(round.failed == 0 ? nil : .archiveStuck)
            return try await pause()
        } catch let fault as ArchiveFault {
            show(HealthIssue(archive: fault))
        } catch {
            logger.debug("archiving paused: catalog unavailable", metadata: ["cause": "\(error)"])
        }
        return shortened(Self.pauseOfArchive)
    }
}

extension ArchiveScheduler {
    private struct Round {
        var failed = 0
    }

    private func openArchive() async throws {
        guard let age, age > .zero else { return }
        let folder = folder
        // Later the mark must be there: without it that is another folder, or an empty mount point.
        let isNew = try await !catalog.archive.hasAny()
        try await BlockingWork.run { () throws(ArchiveFault) in
            do throws(FileError) {
                if isNew { try folder.begin() }
                _ = try folder.open()
            } catch {
                throw .archive(error)
            }
        }
    }

    private func finishAll(_ round: inout Round) async throws {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.archive.unfinished(after: last, limit: Self.page)
            guard let end = page.last else { return }
            for audio in page {
                try await withoutStopping(for: audio.recording, nil, &round) {
                    try await archiver.finish(audio)
                }
            }
            last = end.recording
        }
    }

    private func archiveAll(restingSince end: Date, _ round: inout Round) async throws {
        var last: ArchivableRecording?
        while !Task.isCancelled {
            let page = try await catalog.archive.resting(since: end, after: last, limit: Self.page)
            guard let oldest = page.last else { return }
            for resting in page where !Task.isCancelled {
                let recording = resting.recording
                if reported.isPermanent(recording) {
                    round.failed += 1
                    continue
                }
                try await withoutStopping(for: recording.id, recording, &round) {
                    _ = try await archiver.archive(recording, restingSince: end)
                }
            }
            last = oldest
        }
    }

    /// A fault of one recording does not stop the others.
    private func withoutStopping(
        for id: RecordingID, _ recording: Recording?, _ round: inout Round,
        _ step: () async throws -> Void
    ) async throws {
        do {
            try await step()
        } catch let fault as ArchiveFault {
            if case .archive = fault { throw fault }
            round.failed += 1
            guard reported.insert(fault, id, recording) else { return }
            logger.warning(
                "cannot archive recording, left in the inbox",
                metadata: [
                    "recording": "\(id)", "file": "\(recording?.path.text ?? "")", "cause": "\(fault)",
                ])
        } catch let error as CatalogError where !error.isRetryable {
            // One recording's row that cannot be read hides no other.
            round.failed += 1
            logger.error(
                "cannot archive recording", metadata: ["recording": "\(id)", "cause": "\(error)"])
        } catch let error as FileError {
            round.failed += 1
            logger.debug(
                "cannot examine recording", metadata: ["recording": "\(id)", "cause": "\(error)"])
        }
    }

    /// - Parameter problem: nil where all is well.
    private func show(_ problem: HealthIssue?) {
        if let problem { board.report(problem, ["archive": "\(folder.path)"]) }
        board.resolve { $0.concernsArchive && $0 != problem }
    }

    /// The time until the next recording comes of age. Recordings that are completed meanwhile come later.
    private func pause() async throws(CatalogError) -> Duration {
        guard let age else {
            let isLeft = try await !catalog.archive.unfinished(after: nil, limit: 1).isEmpty
            return isLeft ? Self.pauseOfRecordings : Self.longestPause
        }
        guard let since = try await catalog.archive.longestRest() else { return min(age, Self.longestPause) }
        let left = age - .seconds(bounding: now().timeIntervalSince(since))
        // Of age and still there.
        if left <= .zero { return shortened(Self.pauseOfRecordings) }
        // Times are kept in milliseconds.
        return min(left + .milliseconds(1), Self.longestPause)
    }

    /// An archive that takes recordings after seconds does not wait for minutes.
    private func shortened(_ pause: Duration) -> Duration {
        min(pause, max(age ?? pause, .seconds(1)))
    }
}

extension HealthIssue {
    init(archive fault: ArchiveFault) {
        guard case .archive(let error) = fault else {
            self = .archiveStuck
            return
        }
        switch error.code {
        case ENOSPC, EDQUOT: self = .archiveFull
        case EROFS, EACCES, EPERM: self = .archiveReadOnly
        default: self = .archiveMissing(reason: "\(error)")
        }
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
