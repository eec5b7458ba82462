import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import Logging

/// Compares what is there with what should be. Safe to run at any time; run at start and after each scan.
struct Recovery: Sendable {
    let files: any FileSystem
    let catalog: Catalog
    let sidecars: SidecarWriter
    let queue: TranscriptionQueue
    let archive: ArchiveFolder?
    let board: ProblemBoard
    let logger: Logger

    var deletions: Deletions {
        Deletions(
            files: files, catalog: catalog, queue: queue, turns: sidecars.turns, archive: archive,
            logger: logger)
    }

    /// Ends what deletions and moves a crash or a fault left, writes what is due and notices what was removed without an event.
    func reconcile() async throws {
        try await deletions.resume()
        try await sidecars.finishMoves()
        try await writeAllDue()
        try await sweep()
        await queue.wake()
    }

    /// A name, or everything below a folder, is no longer there, unless something has the name again.
    /// What lay on another file system than the folder above is not gone: that one is not mounted.
    func gone(_ path: InboxPath) async throws {
        let files = files
        let device = try await BlockingWork.run { () throws(FileError) in
            try files.examine(path) == nil ? Whereabouts(files: files).device(above: path) : nil
        }
        guard let device, !isInboxInDoubt else { return }
        try await markGone(path, on: device)
    }

    /// Writes what is due beside recordings, and finds out what still keeps texts from being written.
    func writeAllDue() async throws(CatalogError) {
        board.beginRound()
        try await sidecars.writeAllDue()
        board.endRound()
    }

    /// Whether the inbox is away, or another folder has taken its place only now.
    private var isInboxInDoubt: Bool {
        board.standing.keys.contains { if case .rootMissing = $0 { true } else { $0 == .rootReplaced } }
    }

    private func markGone(_ path: InboxPath, on device: UInt64?) async throws(CatalogError) {
        while !Task.isCancelled {
            let departures = try await catalog.markGone(path, on: device)
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

    /// Notices what was removed without an event.
    private func sweep() async throws {
        var last: RecordingID?
        var found = Inhabited()
        var away = 0
        while !Task.isCancelled {
            let page = try await catalog.present(after: last, limit: 500)
            guard let end = page.last else { break }
            let looks = await look(at: page)
            guard !isInboxInDoubt else { return }
            for (recording, look) in zip(page, looks) {
                switch look {
                case .there(let device): found.devices.insert(device)
                case .unclear: break
                case .missing(let device) where found.tells(recording, missingOn: device):
                    try await markGone(recording.path, on: nil)
                case .missing: away += 1
                }
            }
            last = end.id
        }
        if away > 0 {
            board.report(.filesAway, ["count": "\(away)"])
        } else if !Task.isCancelled {
            board.resolve(.filesAway)
        }
    }

    private enum Look: Sendable {
        /// With the device that it lies on.
        case there(UInt64)
        /// With the device of the folder that it should be in.
        case missing(UInt64)
        case unclear
    }

    /// Devices on which recordings were found, in the order of their age.
    private struct Inhabited {
        var devices: Set<UInt64> = []

        /// Whether a missing recording is gone, and not its file system. A device whose number has changed since (a
        /// restart of the machine) is known by an older recording that is still there.
        func tells(_ recording: PresentRecording, missingOn device: UInt64) -> Bool {
            recording.identity.device == device || devices.contains(device)
                || devices.contains(recording.identity.device)
        }
    }

    /// What becomes of each. Where one cannot be looked at (a folder that its owner closed, a bad sector) it counts
    /// as there, and the others are looked at all the same.
    private func look(at page: [PresentRecording]) async -> [Look] {
        let files = files
        let (looks, unclear) = await BlockingWork.run {
            let whereabouts = Whereabouts(files: files)
            var unclear: [(path: InboxPath, cause: FileError)] = []
            let looks = page.map { recording -> Look in
                do throws(FileError) {
                    if let status = try files.examine(recording.path) {
                        return .there(status.identity.device)
                    }
                    return .missing(try whereabouts.device(above: recording.path))
                } catch {
                    unclear.append((recording.path, error))
                    return .unclear
                }
            }
            return (looks, unclear)
        }
        if let first = unclear.first {
            logger.warning(
                "cannot tell whether recordings are still there",
                metadata: ["file": "\(first.path)", "cause": "\(first.cause)", "count": "\(unclear.count)"])
        }
        return looks
    }
}
