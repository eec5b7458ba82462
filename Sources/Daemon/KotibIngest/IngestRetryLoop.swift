import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Repeats a step that something outside stopped (a full disk, a worker that cannot start) until it succeeds.
///
/// Trouble with one file alone is not waited for long, or a few bad files would hold up everybody: it is
/// logged and left to the next scan, to which the file is still unknown.
package struct IngestRetryLoop: Sendable {
    static let longestPause = Duration.seconds(30)

    /// With one file whose trouble passes by itself, such as an oplock that Samba holds (EAGAIN, open(2)).
    package static let triesOfOneFile = 5

    /// Between two tries where the catalog cannot be written: it may soon be again, and everybody waits for
    /// it.
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
    /// - Parameter sighting: for the log.
    func run(for sighting: Sighting, _ step: () async throws -> Void) async {
        var pause = firstPause
        var tries = 0
        var waitsForCatalog = false
        defer { if waitsForCatalog { board.catalogAnswers() } }
        while !Task.isCancelled {
            do {
                try await step()
                return
            } catch {
                if Task.isCancelled { return }
                tries += 1
                let metadata: Logger.Metadata = ["file": "\(sighting.text)", "cause": "\(error)"]
                guard canRetry(after: error, tries) else {
                    logger.error("left to the next scan", metadata: metadata)
                    return
                }
                if let error = error as? CatalogError, let problem = HealthIssue(error) {
                    // Reported once for all who wait.
                    if !waitsForCatalog { board.catalogFails(problem, "\(error)") }
                    waitsForCatalog = true
                    pause = min(pause, Self.longestPauseOfCatalog)
                } else {
                    logger.warning(
                        "intake waits and tries again",
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
        case let error as FileError: error.retryCanHelp && tries <= Self.triesOfOneFile
        case let error as CatalogError: error.isRetryable
        // The worker that inspects: without it no file can be taken.
        default: true
        }
    }
}

extension Sighting {
    fileprivate var text: String {
        switch self {
        case .settled(let path, _), .gone(let path): path.text
        case .scanned: "the whole inbox"
        }
    }
}
