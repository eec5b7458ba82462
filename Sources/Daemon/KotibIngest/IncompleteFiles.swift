import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibWatch
import Logging

/// Takes files that hold less than they promise when nothing more has come for long (``Stillness``): looks at those
/// that the catalog has as incomplete, at the start and then again and again, so that a restart loses none.
public struct IncompleteFiles: Sendable {
    /// At the most: the wall clock may be set.
    private static let longestPause = Duration.seconds(30)
    private static let page = 100

    private let pipeline: IngestPipeline
    private let clock: any Clock<Duration>

    public init(_ pipeline: IngestPipeline, clock: any Clock<Duration> = ContinuousClock()) {
        self.pipeline = pipeline
        self.clock = clock
    }

    /// Until the task is cancelled.
    public func run() async {
        let pause = min(pipeline.stillness.patience / 2, Self.longestPause)
        while !Task.isCancelled {
            do throws(CatalogError) {
                try await lookThrough()
            } catch {
                pipeline.logger.error("incomplete files cannot be read", metadata: ["cause": "\(error)"])
            }
            // Cancelled: the loop's condition ends it.
            try? await clock.sleep(for: max(pause, .milliseconds(100)))
        }
    }

    private func lookThrough() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await pipeline.catalog.incomplete(after: last, limit: Self.page)
            guard let end = page.last else { return }
            for file in page where pipeline.stillness.isOver(file.identity) {
                await pipeline.takeAsItIs(file)
            }
            last = end.id
        }
    }
}

extension IngestPipeline {
    /// Has it looked at once more where it is unchanged and nobody writes to it.
    fileprivate func takeAsItIs(_ waiting: PresentRecording) async {
        let (files, path, stillness) = (files, waiting.path, stillness)
        let found = await BlockingWork.run { () -> FileStatus? in
            // What is gone, changed or out of reach is the watcher's to tell.
            guard let (file, status) = try? files.openForReading(path), status.identity == waiting.identity,
                stillness.isOver(file, status)
            else { return nil }
            return status
        }
        guard let status = found else { return }
        await patience.untilDone(about: .settled(path, status)) { try await settled(path, status) }
    }
}
