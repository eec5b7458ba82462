import KotibCatalog
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
    /// Between two tries; doubles from the first to the longest.
    var firstPause = Duration.milliseconds(200)
    static let longestPause = Duration.seconds(30)

    /// With one file whose trouble passes by itself, such as an oplock that Samba holds (EAGAIN, open(2)).
    static let triesOfOneFile = 5

    let logger: Logger

    /// - Parameter subject: what the step is about, for the log.
    func untilDone(about subject: Sighting, _ step: () async throws -> Void) async {
        var pause = firstPause
        var tries = 0
        while !Task.isCancelled {
            do {
                try await step()
                return
            } catch let error as FileError where !error.retryCanHelp || tries >= Self.triesOfOneFile {
                return leave(subject, error)
            } catch let error as CatalogError where error.code == .constraint {
                // No time makes such a record legal: a worker has told nonsense about this file, say.
                return leave(subject, error)
            } catch {
                if Task.isCancelled { return }
                tries += 1
                logger.error(
                    "intake waits and tries again",
                    metadata: ["file": "\(subject.text)", "cause": "\(error)", "wait": "\(pause)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    private func leave(_ subject: Sighting, _ error: any Error) {
        logger.warning(
            "left to the next scan", metadata: ["file": "\(subject.text)", "cause": "\(error)"])
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
