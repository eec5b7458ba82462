import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import Logging

/// Compares what is there with what should be. Safe to run at any time; run at start and after each scan.
struct Recovery: Sendable {
    let files: any FileSystem
    let catalog: Catalog
    let sidecars: SidecarWriter
    let queue: TranscriptionQueue
    let logger: Logger

    var deletions: Deletions {
        Deletions(files: files, catalog: catalog, queue: queue, turns: sidecars.turns, logger: logger)
    }

    /// Ends what deletions and moves a crash or a fault left, writes what is due and notices what was removed without an event.
    func reconcile() async throws {
        try await deletions.resume()
        try await sidecars.finishMoves()
        try await sidecars.writeAllDue()
        try await sweep()
        await queue.wake()
    }

    /// A name, or everything below a folder, is no longer there, unless something has the name again.
    func gone(_ path: InboxPath) async throws {
        let files = files
        let isBack = try await BlockingWork.run { () throws(FileError) in try files.examine(path) != nil }
        guard !isBack else { return }
        while !Task.isCancelled {
            let departures = try await catalog.markGone(path)
            if departures.isEmpty { return }
            for departure in departures { try await left(departure, path) }
        }
    }

    private func left(_ departure: Departure, _ path: InboxPath) async throws(CatalogError) {
        await queue.cancel(departure.recording)
        try await sidecars.removeDeparted(departure.notes)
        logger.info(
            "recording gone; its transcript is kept",
            metadata: ["recording": "\(departure.recording)", "file": "\(path)"])
    }

    private func sweep() async throws {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.present(after: last, limit: 500)
            guard let end = page.last else { return }
            for path in await missing(page.map(\.path)) { try await gone(path) }
            last = end.id
        }
    }

    /// Which names are free. Where one cannot be looked at (a folder that its owner closed, a bad sector) it counts
    /// as there, and the others are looked at all the same.
    private func missing(_ paths: [InboxPath]) async -> [InboxPath] {
        let files = files
        let (missing, unclear) = await BlockingWork.run {
            var missing: [InboxPath] = []
            var unclear: [(path: InboxPath, cause: FileError)] = []
            for path in paths {
                do throws(FileError) {
                    if try files.examine(path) == nil { missing.append(path) }
                } catch {
                    unclear.append((path, error))
                }
            }
            return (missing, unclear)
        }
        if let first = unclear.first {
            logger.warning(
                "cannot tell whether recordings are still there",
                metadata: ["file": "\(first.path)", "cause": "\(first.cause)", "count": "\(unclear.count)"])
        }
        return missing
    }
}
