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
/// Each pass goes through what is of age a few at a time, one recording after the other, so that the catalog
/// is never held up for long. What cannot be archived is passed over, and looked at again later; while the
/// archive itself cannot be used nothing is tried but that.
package struct ArchiveScheduler: Sendable {
    /// Of the catalog at once.
    private static let page = 16
    /// Clocks are set and machines sleep: no pause is longer.
    private static let longestPause = Duration.seconds(3600)
    /// Until what could not be archived is tried again.
    private static let pauseOfRecordings = Duration.seconds(300)
    /// Until an archive that cannot be used is.
    private static let pauseOfArchive = Duration.seconds(30)

    private let folder: ArchiveFolder
    private let archiver: Archiver
    private let catalog: Catalog
    private let deletions: DeletionExecutor
    private let board: IssueBoard
    /// Nil where nothing more is to be archived, and only what is on its way gets there.
    private let age: Duration?
    private let logger: Logger
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void
    private let reported = ReportedArchiveFaults()

    /// - Parameters:
    ///   - age: how long a recording rests before it is archived; nil for none ever.
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
    package func pass() async -> Duration {
        var round = Round()
        do {
            try await openArchive()
            // The archive may be what they wait for.
            if board.stands(.deletionsWait) { try await deletions.resume() }
            try await finishAll(&round)
            if let age { try await archiveAll(restingSince: now() - age.seconds, &round) }
            if round.failed == 0 { reported.removeAll() }
            show(round.failed == 0 ? nil : .archiveStuck)
            return try await pause()
        } catch let fault as ArchiveFault {
            show(HealthIssue(archive: fault))
        } catch {
            logger.debug("archiving waits for the catalog", metadata: ["cause": "\(error)"])
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
        var last: RestingRecording?
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

    /// One recording's fault stops no other.
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
                "a recording cannot be archived; it stays where it is",
                metadata: [
                    "recording": "\(id)", "file": "\(recording?.path.text ?? "")", "cause": "\(fault)",
                ])
        } catch let error as CatalogError where !error.isRetryable {
            // One recording's row that cannot be read hides no other.
            round.failed += 1
            logger.error(
                "a recording cannot be archived", metadata: ["recording": "\(id)", "cause": "\(error)"])
        } catch let error as FileError {
            round.failed += 1
            logger.debug(
                "a recording cannot be looked at", metadata: ["recording": "\(id)", "cause": "\(error)"])
        }
    }

    /// - Parameter problem: nil where all is well.
    private func show(_ problem: HealthIssue?) {
        if let problem { board.report(problem, ["archive": "\(folder.path)"]) }
        board.resolve { $0.isOfArchive && $0 != problem }
    }

    /// Until the next recording comes of age. What is completed from now on does so later than that.
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
