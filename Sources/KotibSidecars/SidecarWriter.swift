import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Writes what is due beside a recording, and removes what is no longer true.
///
/// The one write path for sidecars: after a transcription, after a refusal, and in recovery. Safe to run at any
/// time and any number of times: what the catalog calls due is written, what is written is registered.
public struct SidecarWriter: Sendable {
    private let files: any FileSystem
    private let catalog: Catalog
    private let failureSentence: @Sendable (_ name: String, _ cause: String) -> String
    private let logger: Logger

    /// - Parameter failureSentence: what `X.failed.txt` says, from the recording's name and the cause.
    public init(
        files: any FileSystem, catalog: Catalog, logger: Logger,
        failureSentence: @escaping @Sendable (_ name: String, _ cause: String) -> String
    ) {
        self.files = files
        self.catalog = catalog
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
        guard let due = recording.sidecarDue else { return }
        guard let content = try await content(of: recording, due.kind) else {
            return try await catalog.sidecarWaived(recording.id, due: due)
        }
        for path in SidecarName.candidates(for: recording.path, kind: due.kind) {
            let owned = try await catalog.owner(ofSidecar: path)
            let place = SidecarPlace(
                files: files, path: path, owned: owned,
                recording: due.kind == .transcript ? recording.path : nil)
            switch await put(content, place) {
            case .occupied: continue
            case .folderGone: return try await waive(recording, due)
            case .written(let identity):
                let sidecar = Sidecar(
                    recording: recording.id, kind: due.kind, path: path, identity: identity)
                try await catalog.sidecarWritten(sidecar, due: due)
                return try await removeNotes(beside: recording, except: path)
            case nil: return
            }
        }
        logger.error(
            "no place for a text: files of other people have both its names; it stays due",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
    }
}

extension SidecarWriter {
    /// Nil where it cannot be written now.
    private func put(_ content: [UInt8], _ place: SidecarPlace) async -> SidecarPlace.Outcome? {
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in try place.put(content) }
        } catch {
            warn("a text could not be written; it stays due", place.path, error)
            return nil
        }
    }

    private func content(of recording: Recording, _ kind: SidecarKind) async throws(CatalogError) -> [UInt8]?
    {
        let text: String? =
            switch kind {
            case .transcript: try await catalog.transcript(of: recording.id)?.text
            case .rejected: recording.errorMessage
            case .failed:
                failureSentence(ByteText.escaped(recording.path.name), recording.errorMessage ?? "")
            }
        return text.map { Array(($0 + "\n").utf8) }
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

    private func warn(_ message: Logger.Message, _ path: InboxPath, _ error: FileError) {
        var metadata: Logger.Metadata = ["file": "\(path)", "cause": "\(error)"]
        if let advice = error.advice { metadata["advice"] = "\(advice)" }
        logger.warning(message, metadata: metadata)
    }
}
