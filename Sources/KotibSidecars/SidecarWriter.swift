import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Writes what is due beside a recording, and removes what is no longer true.
///
/// The one write path for sidecars: after a transcription, after a refusal, and in recovery. Safe to run at any
/// time and any number of times: what the catalog calls due is written, what is written is registered.
public struct SidecarWriter: Sendable {
    /// How long a file must have stood still before its words are taken unasked: nanoseconds.
    static let quiet: Int64 = 1_000_000_000

    /// What a user wants beside their recordings.
    public typealias SettingsOf = @Sendable (UserID) async throws(CatalogError) -> UserSettings

    let files: any FileSystem
    let catalog: Catalog
    let settings: SettingsOf
    /// Nanoseconds since 1970.
    let wallClock: @Sendable () -> Int64
    let failureSentence: @Sendable (_ name: String, _ cause: String) -> String
    let logger: Logger

    /// - Parameters:
    ///   - settings: asked each time that a transcript is written, so that a change holds for what comes then.
    ///   - wallClock: nanoseconds since 1970, to compare with files' times.
    ///   - failureSentence: what `X.failed.txt` says, from the recording's name and the cause.
    public init(
        files: any FileSystem, catalog: Catalog, logger: Logger,
        settings: @escaping SettingsOf = { _ in UserSettings() },
        wallClock: @escaping @Sendable () -> Int64 = SidecarWriter.systemTime,
        failureSentence: @escaping @Sendable (_ name: String, _ cause: String) -> String
    ) {
        self.files = files
        self.catalog = catalog
        self.settings = settings
        self.wallClock = wallClock
        self.failureSentence = failureSentence
        self.logger = logger
    }

    /// Writes everything that is due; what cannot be written now stays due.
    public func writeAllDue() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.dueSidecars(after: last, limit: 100)
            guard let end = page.last else { return }
            for recording in page { try await write(recording) }
            last = end.id
        }
    }

    /// Writes what is due beside one recording.
    public func writeDue(_ id: RecordingID) async throws(CatalogError) {
        guard let recording = try await catalog.recording(id) else { return }
        try await write(recording)
    }

    /// After a transcription: as ``writeDue(_:)``; what the catalog cannot tell now, the next scan writes.
    public func settled(_ id: RecordingID) async {
        do throws(CatalogError) {
            try await writeDue(id)
        } catch {
            logger.error("a text stays due", metadata: ["recording": "\(id)", "cause": "\(error)"])
        }
    }

    /// Removes files of Kotib's own, where they are still as it wrote them.
    public func remove(_ sidecars: [Sidecar]) async throws(CatalogError) {
        for sidecar in sidecars {
            let place = SidecarPlace(files: files, path: sidecar.path, owned: sidecar)
            do throws(FileError) {
                try await BlockingWork.run { () throws(FileError) in try place.clear() }
            } catch {
                // Still Kotib's own, so that whatever comes next at this name may take its place.
                if !SidecarPlace.mayMeanThatTheFolderIsGone(error) {
                    warn("a note could not be removed", sidecar.path, error)
                    continue
                }
            }
            try await catalog.sidecarRemoved(sidecar.path)
        }
    }

    /// Forgets what a person removed beside a recording, so that what comes back gets its text again.
    public func forgetRemoved(of id: RecordingID) async throws(CatalogError) {
        for sidecar in try await catalog.ownedSidecars(of: id) {
            do throws(FileError) {
                let files = files
                let status = try await BlockingWork.run { () throws(FileError) in
                    try files.examine(sidecar.path)
                }
                if status != nil { continue }
            } catch {
                warn("cannot tell whether a text is still there", sidecar.path, error)
                continue
            }
            try await catalog.sidecarRemoved(sidecar.path)
        }
    }

    private func write(_ recording: Recording) async throws(CatalogError) {
        if recording.sidecarDue?.kind == .transcript { try await takeEdits(at: recording.path) }
        // What was taken in makes the newer words due.
        guard let recording = try await catalog.recording(recording.id), let due = recording.sidecarDue else {
            return
        }
        let texts = try await texts(of: recording, due.kind)
        var isDone = true
        for text in texts {
            switch try await write(text, beside: recording) {
            case .written: continue
            case .folderGone: return try await waive(recording, due)
            case .later: isDone = false
            }
        }
        if isDone { try await catalog.sidecarWaived(recording.id, due: due) }
    }

    private enum Done {
        case written, folderGone
        /// It stays due.
        case later
    }

    private func write(_ text: Text, beside recording: Recording) async throws(CatalogError) -> Done {
        for path in try await places(for: text.kind, beside: recording) {
            let owned = try await catalog.owner(ofSidecar: path)
            let isOthers = owned.map { $0.recording != recording.id } ?? false
            var place = SidecarPlace(
                files: files, path: path, owned: owned, recording: text.kind.isNote ? nil : recording.path,
                words: text.words)
            if isOthers, let owned { place.isKept = try await holdsPersonsWords(owned) }
            switch await put(text.content, place) {
            case .occupied: continue
            case .folderGone: return .folderGone
            case .beingEdited:
                // Who edits an older recording's words does not make this one's wait.
                if isOthers { continue }
                return .later
            case .written(let identity):
                let sidecar = Sidecar(
                    recording: recording.id, kind: text.kind, path: path, identity: identity,
                    words: text.words)
                try await catalog.sidecarWritten(sidecar, due: nil)
                try await removeNotes(beside: recording, except: path)
                return .written
            case nil: return .later
            }
        }
        logger.error(
            "no place for a text: files of other people have both its names; it stays due",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
        return .later
    }
}

extension SidecarWriter {
    /// The names to try: first the one that this recording has, so that it never has two.
    private func places(
        for kind: SidecarKind, beside recording: Recording
    ) async throws(CatalogError) -> [InboxPath] {
        let candidates = SidecarName.candidates(for: recording.path, kind: kind)
        let own = try await catalog.ownedSidecars(of: recording.id).filter { $0.kind == kind }.map(\.path)
        return candidates.filter(own.contains) + candidates.filter { !own.contains($0) }
    }

    /// Whether `sidecar`, which another recording has, tells what a person wrote.
    private func holdsPersonsWords(_ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        guard sidecar.kind == .transcript else { return false }
        let shown = try await catalog.revision(nil, of: sidecar.recording, in: .everyone)
        return shown.map { $0.origin != .engine } ?? false
    }

    /// Nil where it cannot be written now.
    private func put(_ content: [UInt8], _ place: SidecarPlace) async -> SidecarPlace.Outcome? {
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in try place.put(content) }
        } catch {
            warn("a text could not be written; it stays due", place.path, error)
            return nil
        }
    }

    public static func systemTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Once a text stands there, what said something else goes: by name, since a crash may have left the note of
    /// a recording that lay there before.
    private func removeNotes(beside recording: Recording, except path: InboxPath) async throws(CatalogError) {
        for kind in [SidecarKind.rejected, .failed] {
            for other in SidecarName.candidates(for: recording.path, kind: kind) where other != path {
                guard let note = try await catalog.owner(ofSidecar: other), note.kind == kind else {
                    continue
                }
                try await remove([note])
            }
        }
    }

    private func waive(_ recording: Recording, _ due: SidecarDue) async throws(CatalogError) {
        logger.warning(
            "the folder is gone; the text is kept in the catalog",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
        try await catalog.sidecarWaived(recording.id, due: due)
    }

    func warn(_ message: Logger.Message, _ path: InboxPath, _ error: FileError) {
        var metadata: Logger.Metadata = ["file": "\(path)", "cause": "\(error)"]
        if let advice = error.advice { metadata["advice"] = "\(advice)" }
        logger.warning(message, metadata: metadata)
    }
}
