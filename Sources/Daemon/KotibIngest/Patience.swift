import Glibc
import KotibCatalog
import KotibHealth
import KotibIntake
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Repeats a step that something outside stopped (a full disk, a worker that cannot start) until it succeeds.
///
/// What is wrong with one file alone is not waited for long, or a few bad files would hold up everybody: it is
/// logged and left to the next scan, to which the file is still unknown.
struct Patience: Sendable {
    /// Between two tries; doubles from the first to the last.
    var firstPause = Duration.milliseconds(200)
    static let longestPause = Duration.seconds(30)

    /// With one file whose trouble passes by itself, such as an oplock that Samba holds (EAGAIN, open(2)).
    static let triesOfOneFile = 5

    /// Between two tries where the catalog cannot be written: it may soon be again, and everybody waits for it.
    static let longestPauseOfCatalog = Duration.seconds(3)

    let board: IssueBoard
    let logger: Logger

    /// - Parameter subject: what the step is about, for the log.
    func untilDone(about subject: Sighting, _ step: () async throws -> Void) async {
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
                let metadata: Logger.Metadata = ["file": "\(subject.text)", "cause": "\(error)"]
                guard isWorthWaiting(for: error, tries) else {
                    logger.error("left to the next scan", metadata: metadata)
                    return
                }
                if let error = error as? CatalogError, let problem = HealthIssue(error) {
                    // Told once for all who wait.
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
}

extension Patience {
    private func isWorthWaiting(for error: any Error, _ tries: Int) -> Bool {
        switch error {
        case let error as FileError: error.retryCanHelp && tries <= Self.triesOfOneFile
        case let error as CatalogError: error.isRetryable
        // The worker that inspects: without it no file can be taken.
        default: true
        }
    }
}

extension HealthIssue {
    /// Nil for what is soon over, such as another program that holds the catalog.
    public init?(_ error: CatalogError) {
        switch error.code {
        case .full: self = .catalogFull
        case .inaccessible, .inputOutput: self = .catalogFails
        default: return nil
        }
    }

    /// What keeps texts from being written; nil where it is nothing but the one file.
    public init?(writing error: FileError) {
        if case .occupied = error {
            self = .namesTaken
            return
        }
        switch error.code {
        case ENOSPC, EDQUOT: self = .inboxFull
        case EROFS: self = .inboxReadOnly
        case EACCES, EPERM: self = .unwritable
        default: return nil
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
