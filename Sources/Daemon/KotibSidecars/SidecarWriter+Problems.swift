import KotibCatalog
import KotibModel
import Logging

/// A text that a person saved and that cannot be taken in has a note beside it, until it is saved otherwise.
extension SidecarWriter {
    /// With the turn.
    func tell(_ problem: TextProblem, _ identity: FileIdentity, _ text: Sidecar) async throws(CatalogError) {
        // Never written over, as it is not what Kotib wrote, and taken in once it can be read.
        let isNew = unreadable.insert(text.path, identity, problem)
        let sentence = textSentence(ByteText.escaped(text.path.name), problem)
        if isNew {
            logger.warning(
                "a saved text cannot be taken in; it is left as it is",
                metadata: [
                    "recording": "\(text.recording)", "file": "\(text.path)", "cause": "\(problem)",
                ])
        } else if try await hasNote(about: text) {
            return
        }
        let note = Text(.rejected, sentence + "\n")
        for path in SidecarName.notes(about: text.path) {
            try await settleIntent(at: path)
            let owned = try await catalog.owner(ofSidecar: path)
            if let owned, owned.recording != text.recording { continue }
            let place = SidecarPlace(files: files, path: path, owned: owned)
            switch try await put(note, place, of: text.recording) {
            case .written(let identity):
                return try await catalog.sidecarWritten(
                    Sidecar(recording: text.recording, kind: .rejected, path: path, identity: identity),
                    due: nil)
            case .occupied: continue
            default: return
            }
        }
    }

    /// With the turn: the text can be read now, or is not there any more.
    func untell(_ text: Sidecar) async throws(CatalogError) {
        unreadable.remove(text.path)
        for path in SidecarName.notes(about: text.path) {
            guard let note = try await catalog.owner(ofSidecar: path), note.recording == text.recording,
                note.kind == .rejected
            else { continue }
            _ = try await clear([note])
        }
    }

    /// A person removed a text: what was told of it is over.
    public func textGone(_ path: InboxPath) async throws(CatalogError) {
        guard let text = try await catalog.owner(ofSidecar: path), text.kind == .transcript else { return }
        _ = try await takeTurn(of: text.recording) { () async throws(CatalogError) in try await untell(text) }
    }

    private func hasNote(about text: Sidecar) async throws(CatalogError) -> Bool {
        for path in SidecarName.notes(about: text.path) {
            if try await catalog.owner(ofSidecar: path)?.recording == text.recording { return true }
        }
        return false
    }

    /// Whether a note tells of the recording's text, as it is, and not of the recording.
    func tellsOfText(_ note: Sidecar, beside recording: InboxPath) -> Bool {
        SidecarName.candidates(for: recording, kind: .transcript).contains { text in
            unreadable.contains(text) && SidecarName.notes(about: text).contains(note.path)
        }
    }
}
