import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging
import Synchronization

/// The notes beside texts that a person saved and that cannot be read, such as `X.txt.rejected.txt`. A note
/// stays until the text is saved in a way that can be read, or is removed.
///
/// Each problem is logged once for each state of the file.
public struct TextProblemNotes: Sendable {
    private let store: SidecarStore
    private let intents: IntentRecovery
    private let sentence: @Sendable (_ name: String, _ problem: TextProblem) -> String
    private let reported = ReportedProblems()

    private var catalog: Catalog { store.catalog }

    init(
        store: SidecarStore, intents: IntentRecovery,
        sentence: @escaping @Sendable (_ name: String, _ problem: TextProblem) -> String
    ) {
        self.store = store
        self.intents = intents
        self.sentence = sentence
    }

    /// A person removed a text: its note goes.
    public func textRemoved(_ path: InboxPath) async throws(CatalogError) {
        guard let text = try await catalog.sidecars.owner(ofSidecar: path), text.kind == .transcript else {
            return
        }
        _ = try await store.withLock(of: text.recording) { () async throws(CatalogError) in
            try await withdraw(text)
        }
    }

    /// The problem that was reported of the file in the state `identity`; nil where none was.
    func problem(of path: InboxPath, _ identity: FileIdentity) -> TextProblem? {
        reported.problem(of: path, identity)
    }

    /// Logs a problem and writes the note. The caller holds the recording's lock.
    func report(
        _ problem: TextProblem, _ identity: FileIdentity, _ text: Sidecar
    ) async throws(CatalogError) {
        let isNew = reported.insert(text.path, identity, problem)
        if isNew {
            store.logger.warning(
                "saved text rejected, file left unchanged",
                metadata: [
                    "recording": "\(text.recording)", "file": "\(text.path)", "cause": "\(problem)",
                ])
        } else if try await hasNote(about: text) {
            return
        }
        let note = SidecarContent(.rejected, sentence(ByteText.escaped(text.path.name), problem) + "\n")
        for path in SidecarName.notes(about: text.path) {
            try await intents.recover(at: path)
            let owned = try await catalog.sidecars.owner(ofSidecar: path)
            if let owned, owned.recording != text.recording { continue }
            let place = SidecarPlace(files: store.files, path: path, owned: owned)
            switch try await store.put(note, place, of: text.recording) {
            case .written(let identity):
                return try await catalog.sidecars.written(
                    Sidecar(recording: text.recording, kind: .rejected, path: path, identity: identity),
                    due: nil)
            case .occupied: continue
            default: return
            }
        }
    }

    /// Removes the note: the text can be read now, or is gone. The caller holds the recording's lock.
    func withdraw(_ text: Sidecar) async throws(CatalogError) {
        reported.remove(text.path)
        for path in SidecarName.notes(about: text.path) {
            guard let note = try await catalog.sidecars.owner(ofSidecar: path),
                note.recording == text.recording,
                note.kind == .rejected
            else { continue }
            _ = try await store.clear([note])
        }
    }

    /// Whether a note is about the text of the recording, as the text is now, and not about the recording.
    func isAboutText(_ note: Sidecar, beside recording: InboxPath) -> Bool {
        SidecarName.candidates(for: recording, kind: .transcript).contains { text in
            reported.contains(text) && SidecarName.notes(about: text).contains(note.path)
        }
    }

    private func hasNote(about text: Sidecar) async throws(CatalogError) -> Bool {
        for path in SidecarName.notes(about: text.path) {
            if try await catalog.sidecars.owner(ofSidecar: path)?.recording == text.recording { return true }
        }
        return false
    }
}

/// The problems that were reported, each with the state that the file had then.
private final class ReportedProblems: Sendable {
    private struct Entry {
        var identity: FileIdentity
        var problem: TextProblem
    }

    private let entries = Mutex<[InboxPath: Entry]>([:])

    /// - Returns: false where a problem of the file in this state was reported already.
    func insert(_ path: InboxPath, _ identity: FileIdentity, _ problem: TextProblem) -> Bool {
        let entry = Entry(identity: identity, problem: problem)
        return entries.withLock { $0.updateValue(entry, forKey: path)?.identity != identity }
    }

    func remove(_ path: InboxPath) {
        entries.withLock { _ = $0.removeValue(forKey: path) }
    }

    func problem(of path: InboxPath, _ identity: FileIdentity) -> TextProblem? {
        entries.withLock { $0[path].flatMap { $0.identity == identity ? $0.problem : nil } }
    }

    func contains(_ path: InboxPath) -> Bool { entries.withLock { $0[path] != nil } }
}
