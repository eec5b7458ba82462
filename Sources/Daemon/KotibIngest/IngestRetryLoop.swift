import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Retries a step that failed for an external reason (a full disk, a worker that cannot start) until it
/// succeeds.
///
/// An error of one file alone is retried only a few times, or a few bad files would delay all others: it is
/// logged and left to the next scan, which finds the file still unknown.
package struct IngestRetryLoop: Sendable {
    static let longestPause = Duration.seconds(30)

    /// The tries of one file with a temporary error, such as an oplock of Samba (EAGAIN, open(2)).
    static let triesOfOneFile = 5

    /// The longest pause while the catalog cannot be written, since everybody waits for it.
    static let longestPauseOfCatalog = Duration.seconds(3)

    private let board: IssueBoard
    private let firstPause: Duration
    private let logger: Logger

    /// - Parameter firstPause: between two tries; doubles up to ``longestPause``.
    package init(board: IssueBoard, firstPause: Duration = .milliseconds(200), logger: Logger) {
        self.board = board
        self.firstPause = firstPause
        self.logger = logger
    }

    /// Returns when the step has succeeded, cannot succeed, or the task is cancelled.
    /// - Parameter inboxEvent: for the log.
    func run(for inboxEvent: InboxEvent, _ step: () async throws -> Void) async {
        var pause = firstPause
        var tries = 0
        var waitsForCatalog = false
        defer { if waitsForCatalog { board.endCatalogWait() } }
        while !Task.isCancelled {
            do {
                try await step()
                return
            } catch {
                if Task.isCancelled { return }
                tries += 1
                let metadata: Logger.Metadata = ["file": "\(inboxEvent.text)", "cause": "\(error)"]
                guard canRetry(after: error, tries) else {
                    logger.error("cannot process file, left to the next scan", metadata: metadata)
                    return
                }
                if let error = error as? CatalogError, let problem = HealthIssue(error) {
                    // Reported once for all who wait.
                    if !waitsForCatalog { board.beginCatalogWait(problem, "\(error)") }
                    waitsForCatalog = true
                    pause = min(pause, Self.longestPauseOfCatalog)
                } else {
                    logger.warning(
                        "ingest failed, retrying",
                        metadata: metadata.merging(["wait": "\(pause)"]) { $1 })
                }
            }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func canRetry(after error: any Error, _ tries: Int) -> Bool {
        switch error {
        case let error as FileError: error.isRetryable && tries <= Self.triesOfOneFile
        case let error as CatalogError: error.isRetryable
        // The worker that inspects: without it no file can be taken.
        default: true
        }
    }
}

extension InboxEvent {
    fileprivate var text: String {
        switch self {
        case .stable(let path, _), .removed(let path): path.text
        case .scanFinished: "the whole inbox"
        }
    }
}
