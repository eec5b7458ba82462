import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import Logging

/// Marks recordings as removed whose files no longer exist. Their words stay.
package struct DepartureRecorder: Sendable {
    private let files: any FileSystem
    private let catalog: Catalog
    private let sidecars: Sidecars
    private let queue: TranscriptionQueue
    private let board: IssueBoard
    private let logger: Logger

    package init(
        files: any FileSystem, catalog: Catalog, sidecars: Sidecars, queue: TranscriptionQueue,
        board: IssueBoard, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.sidecars = sidecars
        self.queue = queue
        self.board = board
        self.logger = logger
    }

    /// A name, or everything below a folder, no longer exists, unless another file has the name again. A file
    /// on another file system than its folder is not removed: its file system is not mounted.
    package func nameGone(_ path: InboxPath) async throws {
        let files = files
        let device = try await BlockingWork.run { () throws(FileError) in
            try files.examine(path) == nil ? FileReachability(files: files).place(of: path).device : nil
        }
        guard let device, !board.isInboxInDoubt else { return }
        try await markGone(path, on: device)
        try await sidecars.editor.removed(path)
        try await sidecars.problems.textRemoved(path)
    }

    /// A folder has replaced a recorded file.
    func replacedByFolder(_ path: InboxPath) async throws(CatalogError) {
        guard let recording = try await catalog.recordings.current(path), recording.audio == .present,
            recording.errorCode != Rejection.folder.code
        else { return }
        try await markGone(path, on: nil, exactly: true)
    }

    /// - Parameters:
    ///   - device: the device of the files; nil for any.
    ///   - exactly: the path alone, nothing below it.
    func markGone(_ path: InboxPath, on device: UInt64?, exactly: Bool = false) async throws(CatalogError) {
        while !Task.isCancelled {
            let departures = try await catalog.ingest.markGone(path, on: device, exactly: exactly)
            if departures.isEmpty { return }
            for departure in departures { try await complete(departure, path) }
            try await pruneRefused()
        }
    }

    /// Deletes the rows of refused files that are gone: no quota would count them.
    func pruneRefused() async throws(CatalogError) {
        while !Task.isCancelled, try await catalog.refusals.prune() > 0 {}
    }

    /// Deletes users whose folder is gone and who have no other data.
    func pruneUsers() async throws(CatalogError) {
        var last: UserID?
        while !Task.isCancelled, !board.isInboxInDoubt {
            let page = try await catalog.users.empty(after: last, limit: 100)
            guard let end = page.last else { return }
            let files = files
            let gone = await BlockingWork.run {
                // A folder that cannot be examined counts as present.
                page.filter { user in (try? files.examine(user.folder.path)) == .some(nil) }
            }
            guard !board.isInboxInDoubt else { return }
            for user in gone { try await catalog.users.forgetEmpty(user.id) }
            last = end.id
        }
    }

    private func complete(_ departure: Departure, _ path: InboxPath) async throws(CatalogError) {
        await queue.cancel(departure.recording)
        try await sidecars.writer.removeDeparted(departure.notes)
        try await sidecars.editor.readSaved(beside: departure.recording)
        // A note that went along and comes back is known by its sentence: its row would keep the refused
        // file's.
        if try await catalog.recordings.find(departure.recording)?.state == .rejected {
            try await sidecars.writer.forgetRemoved(of: departure.recording)
        }
        logger.info(
            "recording removed, transcript kept",
            metadata: ["recording": "\(departure.recording)", "file": "\(path)"])
    }
}

extension IssueBoard {
    /// Whether the inbox is missing, or another folder has replaced it just now.
    var isInboxInDoubt: Bool {
        openIssues.keys.contains { if case .rootMissing = $0 { true } else { $0 == .rootReplaced } }
    }
}
