import KotibCatalog
import KotibHealth
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
    let archive: ArchiveFolder?
    let board: IssueBoard
    let logger: Logger

    var deletions: Deletions {
        Deletions(
            files: files, catalog: catalog, queue: queue, sidecars: sidecars, archive: archive, board: board,
            logger: logger)
    }

    /// Ends what deletions and moves a crash or a fault left, writes what is due and notices what was removed without an event.
    func reconcile() async throws {
        try await sidecars.settleIntents()
        try await deletions.resume()
        try await sidecars.finishMoves()
        try await writeAllDue()
        try await sweep()
        try await pruneRefused()
        if try await catalog.adoptsTexts() { try await catalog.endAdoption() }
        if try await !catalog.hasTooManyRefused() { board.resolve(.tooManyRefused) }
        await queue.wake()
    }

    /// A name, or everything below a folder, is no longer there, unless something has the name again.
    /// What lay on another file system than the folder above is not gone: that one is not mounted.
    func gone(_ path: InboxPath) async throws {
        let files = files
        let device = try await BlockingWork.run { () throws(FileError) in
            try files.examine(path) == nil ? Whereabouts(files: files).place(of: path).device : nil
        }
        guard let device, !isInboxInDoubt else { return }
        try await markGone(path, on: device)
        try await sidecars.textGone(path)
    }

    /// A folder stands where something else was recorded: that is gone.
    func folderStands(at path: InboxPath) async throws(CatalogError) {
        guard let recording = try await catalog.current(path), recording.audio == .present,
            recording.errorCode != Rejection.folder.code
        else { return }
        try await markGone(path, on: nil, exactly: true)
    }

    /// Writes what is due beside recordings, and finds out what still keeps texts from being written.
    func writeAllDue() async throws(CatalogError) {
        board.beginRound()
        try await sidecars.writeAllDue()
        board.endRound()
    }

    /// Whether the inbox is away, or another folder has taken its place only now.
    var isInboxInDoubt: Bool { board.isInboxInDoubt }

    func markGone(_ path: InboxPath, on device: UInt64?, exactly: Bool = false) async throws(CatalogError) {
        while !Task.isCancelled {
            let departures = try await catalog.markGone(path, on: device, exactly: exactly)
            if departures.isEmpty { return }
            for departure in departures { try await left(departure, path) }
            try await pruneRefused()
        }
    }

    /// Of refused files that are gone nothing is kept: no quota counts what the catalog would hold.
    private func pruneRefused() async throws(CatalogError) {
        while !Task.isCancelled, try await catalog.pruneRefused() > 0 {}
    }

    private func left(_ departure: Departure, _ path: InboxPath) async throws(CatalogError) {
        await queue.cancel(departure.recording)
        try await sidecars.removeDeparted(departure.notes)
        // A note that went along and comes back is known by its sentence: its row would keep the refused file's.
        if try await catalog.recording(departure.recording)?.state == .rejected {
            try await sidecars.forgetRemoved(of: departure.recording)
        }
        logger.info(
            "recording gone; its transcript is kept",
            metadata: ["recording": "\(departure.recording)", "file": "\(path)"])
    }
}

extension IssueBoard {
    /// Whether the inbox is away, or another folder has taken its place only now.
    var isInboxInDoubt: Bool {
        standing.keys.contains { if case .rootMissing = $0 { true } else { $0 == .rootReplaced } }
    }
}
