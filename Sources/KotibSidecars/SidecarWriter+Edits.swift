import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// A person edits by saving the text in the folder.
///
/// What is saved becomes a revision before anything is written over it, and in the same transaction the file is
/// registered as it is now. An emptied text is an edit like any other: the earlier words stay in their revisions.
extension SidecarWriter {
    /// Takes in a text of Kotib's own that stands still and may have changed, and writes what is due then.
    public func saved(_ path: InboxPath) async throws(CatalogError) {
        guard let sidecar = try await catalog.owner(ofSidecar: path), sidecar.kind == .transcript else {
            return
        }
        if try await take(sidecar) { try await writeDue(sidecar.recording) }
    }

    /// Takes in what a person saved beside one recording and has stood still since.
    public func takeEdits(of id: RecordingID) async throws(CatalogError) {
        for sidecar in try await catalog.ownedSidecars(of: id) where sidecar.kind == .transcript {
            _ = try await take(sidecar, ifQuiet: true)
        }
    }

    /// As ``takeEdits(of:)``, at the names where the words would stand: an older recording's may stand there.
    func takeEdits(at recording: InboxPath) async throws(CatalogError) {
        for path in SidecarName.candidates(for: recording, kind: .transcript) {
            guard let sidecar = try await catalog.owner(ofSidecar: path), sidecar.kind == .transcript else {
                continue
            }
            _ = try await take(sidecar, ifQuiet: true)
        }
    }

    private enum Content: Sendable {
        /// Nothing to take: as it was written, gone, or being written.
        case none
        case words(String, FileIdentity)
        case unreadable(String)
    }

    /// - Returns: whether there are new words.
    private func take(_ sidecar: Sidecar, ifQuiet: Bool = false) async throws(CatalogError) -> Bool {
        switch await content(of: sidecar, ifQuiet: ifQuiet) {
        case .none: return false
        case .unreadable(let reason):
            // It is the person's from now on, and never written to.
            logger.warning(
                "a saved text cannot be taken in; it is left as it is",
                metadata: [
                    "recording": "\(sidecar.recording)", "file": "\(sidecar.path)", "cause": "\(reason)",
                ])
            try await catalog.sidecarRemoved(sidecar.path)
            return false
        case .words(let words, let identity):
            return try await take(words, identity, sidecar)
        }
    }

    private func take(
        _ words: String, _ identity: FileIdentity, _ sidecar: Sidecar
    ) async throws(CatalogError) -> Bool {
        let hash = SidecarText.hash(words)
        let saved = Sidecar(
            recording: sidecar.recording, kind: sidecar.kind, path: sidecar.path, identity: identity,
            words: hash)
        if try await areKnown(hash, sidecar) {
            try await catalog.sidecarWritten(saved, due: nil)
            return false
        }
        guard let recording = try await catalog.recording(sidecar.recording) else { return false }
        let edit = TranscriptEdit(
            recording: recording.id, scope: .everyone, text: words, author: recording.user, origin: .sidecar,
            expected: nil)
        guard case .edited = try await catalog.edit(edit, from: saved) else { return false }
        logger.info(
            "transcript edited in its folder",
            metadata: ["recording": "\(recording.id)", "file": "\(sidecar.path)"])
        return true
    }

    /// Whether they are what was written there, or what is shown now: after a crash between the writing and its
    /// record, and where an older version wrote, which kept no hash.
    private func areKnown(_ words: [UInt8], _ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        if sidecar.words == words { return true }
        let shown = try await catalog.transcript(of: sidecar.recording)
        return shown.map { SidecarText.hash($0.text) } == words
    }

    private func content(of sidecar: Sidecar, ifQuiet: Bool) async -> Content {
        let (files, latest) = (files, ifQuiet ? wallClock() - Self.quiet : .max)
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in
                try Self.content(of: sidecar, files, savedBefore: latest)
            }
        } catch .notRegular {
            return .none
        } catch {
            if SidecarPlace.mayMeanThatTheFolderIsGone(error) { return .none }
            if error.code == EACCES { return .unreadable("\(error)") }
            warn("a saved text cannot be read now", sidecar.path, error)
            return .none
        }
    }

    private static func content(
        of sidecar: Sidecar, _ files: any FileSystem, savedBefore latest: Int64
    ) throws(FileError) -> Content {
        guard let status = try files.examine(sidecar.path), status.kind == .regular,
            !sidecar.isUntouched(status.identity), status.identity.changed <= latest
        else { return .none }
        // With a second name it may be somebody else's file, linked here to have it read (threat 16).
        guard status.links == 1 else { return .unreadable("it has more than one name") }
        guard status.identity.size <= Int64(SidecarText.longest) else {
            return .unreadable("longer than 10 MiB")
        }
        let file = try files.openForReading(sidecar.path).file
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.read(upTo: SidecarText.longest + 1)
        } catch {
            throw .system(error)
        }
        // A change meanwhile makes the watcher look again.
        guard try files.status(of: file).identity == status.identity else { return .none }
        guard let words = SidecarText.words(bytes) else { return .unreadable("save it as UTF-8") }
        return .words(words, status.identity)
    }
}
