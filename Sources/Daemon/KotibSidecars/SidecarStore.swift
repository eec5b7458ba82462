import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Writes and removes single files beside recordings.
///
/// The catalog holds an intent before the disk is touched, so that after a crash ``IntentRecovery`` knows the
/// file. Except for ``withLock(of:_:)``, callers hold the lock of the recording's path.
final class SidecarStore: Sendable {
    let files: any FileSystem
    let catalog: Catalog
    let cannotWrite: @Sendable (InboxPath, FileError) -> Bool
    let logger: Logger
    let locks = KeyedMutex<InboxPath>()
    /// Texts that wait because a program has them open for writing.
    private let heldOpen = LoggedPaths()
    /// Recordings whose texts have no free name.
    private let withoutFreeName = LoggedPaths()

    init(
        files: any FileSystem, catalog: Catalog,
        cannotWrite: @escaping @Sendable (InboxPath, FileError) -> Bool, logger: Logger
    ) {
        self.files = files
        self.catalog = catalog
        self.cannotWrite = cannotWrite
        self.logger = logger
    }

    /// Runs `body` with the lock of a recording's path. Follows a recording that is moved while this waits.
    /// - Returns: nil where there is no such recording.
    func withLock<Value: Sendable>(
        of id: RecordingID, _ body: () async throws(CatalogError) -> Value
    ) async throws(CatalogError) -> Value? {
        while let path = try await catalog.recordings.find(id)?.path {
            let value: Value? = try await locks.withLock(on: path) { () async throws(CatalogError) in
                guard try await catalog.recordings.find(id)?.path == path else { return nil }
                return try await body()
            }
            if let value { return value }
        }
        return nil
    }

    /// - Returns: nil where it cannot be written now; the cause is logged.
    func put(
        _ content: SidecarContent, _ place: SidecarPlace, of id: RecordingID
    ) async throws(CatalogError) -> SidecarPlace.Outcome? {
        let (bytes, path) = (content.bytes, place.path)
        let check = await attempt(path) { () throws(FileError) in try place.checkWritable(for: bytes) }
        let old: FileStatus?
        switch check {
        case nil: return nil
        case .done(let outcome): return outcome
        case .free(let status): old = status
        }
        try await catalog.sidecars.intend(content.intent(at: path, of: id))
        let outcome = await attempt(path) { () throws(FileError) in
            try place.write(bytes, replacing: old)
        }
        switch outcome {
        case .written: heldOpen.remove(path)
        // The intent stays: the next attempt finds out whether anything was written.
        case nil: break
        case .heldOpen:
            try await catalog.sidecars.withdrawIntent(at: path)
            logHeldOpen(path)
        default: try await catalog.sidecars.withdrawIntent(at: path)
        }
        return outcome
    }

    private func attempt<Value: Sendable>(
        _ path: InboxPath, _ step: @escaping @Sendable () throws(FileError) -> Value
    ) async -> Value? {
        do throws(FileError) {
            return try await BlockingWork.run(step)
        } catch {
            if !cannotWrite(path, error) { warn("a text could not be written; it stays due", path, error) }
            return nil
        }
    }

    /// Removes files of Kotib's own where they are still as it wrote them. A sidecar whose row has changed
    /// since stays.
    /// - Returns: false where one could not be removed.
    func clear(_ sidecars: [Sidecar]) async throws(CatalogError) -> Bool {
        var isDone = true
        for sidecar in sidecars where try await catalog.sidecars.owner(ofSidecar: sidecar.path) == sidecar {
            let place = SidecarPlace(files: files, path: sidecar.path, owned: sidecar)
            var isAbsent = false
            do throws(FileError) {
                switch try await BlockingWork.run({ () throws(FileError) in try place.clear() }) {
                case .removed: break
                // Its words are still to be read.
                case .stays: if sidecar.kind == .transcript { continue }
                case .absent: isAbsent = true
                }
            } catch .heldOpen {
                logHeldOpen(sidecar.path)
                isDone = false
                continue
            } catch {
                // It keeps its row, so that the next sidecar at this name may replace it.
                if !SidecarPlace.mayMeanFolderIsGone(error) {
                    warn("a text that is no longer true could not be removed", sidecar.path, error)
                    isDone = false
                    continue
                }
            }
            if isAbsent, try await isUnreachable(sidecar) {
                isDone = false
                continue
            }
            try await catalog.sidecars.removed(sidecar.path)
        }
        return isDone
    }

    /// Whether a text that is not at its path is on a file system that is not mounted.
    func isUnreachable(_ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        let files = files
        let place = await BlockingWork.run { try? FileReachability(files: files).place(of: sidecar.path) }
        guard let place else { return true }
        guard place.device != sidecar.device else { return false }
        return try await !catalog.deletions.hasOlder(
            than: sidecar.recording, below: place.folder, on: place.device)
    }

    /// Whether nothing is at `path`; false, and a line in the log, where that cannot be told.
    func isRemoved(_ path: InboxPath) async throws(CatalogError) -> Bool {
        let files = files
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in try files.examine(path) == nil }
        } catch {
            warn("cannot tell whether a text is still there", path, error)
            return false
        }
    }

    /// Whether `sidecar`, which another recording has, holds words that a person wrote.
    func holdsPersonsWords(_ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        guard sidecar.kind == .transcript else { return false }
        let shown = try await catalog.revisions.find(nil, of: sidecar.recording, in: .everyone)
        return shown.map { $0.origin != .engine } ?? false
    }

    /// Logged once, not at each scan, until ``nameIsFree(beside:)``.
    func logNoFreeName(_ recording: Recording) {
        _ = cannotWrite(recording.path, .occupied(path: recording.path.text))
        guard withoutFreeName.insert(recording.path) else { return }
        logger.warning(
            "cannot write text: both names taken by other files, retrying later",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
    }

    func nameIsFree(beside recording: InboxPath) { withoutFreeName.remove(recording) }

    /// The watcher reports the close, and the text is written then.
    private func logHeldOpen(_ path: InboxPath) {
        guard heldOpen.insert(path) else { return }
        logger.notice(
            "text not written: file open for writing, retrying later", metadata: ["file": "\(path)"])
    }

    func logStaysDue(_ id: RecordingID, _ error: CatalogError) {
        logger.error(
            "texts not written: catalog error, retrying later",
            metadata: ["recording": "\(id)", "cause": "\(error)"])
    }

    func warn(_ message: Logger.Message, _ path: InboxPath, _ error: FileError) {
        var metadata: Logger.Metadata = ["file": "\(path)", "cause": "\(error)"]
        if let advice = error.advice { metadata["advice"] = "\(advice)" }
        logger.warning(message, metadata: metadata)
    }
}
