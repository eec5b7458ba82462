import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// The outcome of a request to write a recording's texts beside it again.
public enum RewriteOutcome: Hashable, Sendable {
    /// They stand there, as far as they could be written.
    case written
    /// They cannot be written now; a later scan tries again.
    case later
    /// There are no words, nothing to tell, or no place for them any more.
    case nothing
    case notFound
}

/// Writes the files that are due beside a recording, and removes those that are no longer true.
///
/// The only write path for sidecars: after a transcription, after a refusal, and in recovery. Idempotent, and
/// safe to run at any time: the files that the catalog calls due are written, and what was written is
/// registered.
public struct SidecarWriter: Sendable {
    let store: SidecarStore
    let intents: IntentRecovery
    let edits: EditReader
    let problems: TextProblemNotes
    let composer: SidecarComposer

    private var catalog: Catalog { store.catalog }

    /// Writes everything that is due; what cannot be written now stays due.
    public func writeAllDue() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.sidecars.due(after: last, limit: 100)
            guard let end = page.last else { return }
            for recording in page { try await writeSkippingBadRow(recording) }
            last = end.id
        }
    }

    /// One unreadable row does not stop the others.
    private func writeSkippingBadRow(_ recording: Recording) async throws(CatalogError) {
        do throws(CatalogError) {
            try await writeDue(recording.id)
        } catch {
            if error.isRetryable { throw error }
            store.logStaysDue(recording.id, error)
        }
    }

    /// Writes the files that are due beside one recording.
    public func writeDue(_ id: RecordingID) async throws(CatalogError) {
        _ = try await store.withLock(of: id) { () async throws(CatalogError) in try await write(id) }
    }

    /// As ``writeDue(_:)``, after a transcription. An error of the catalog is logged; the next scan writes
    /// the texts.
    public func jobFinished(_ id: RecordingID) async {
        do throws(CatalogError) {
            try await writeDue(id)
        } catch {
            store.logStaysDue(id, error)
        }
    }

    /// Writes the texts beside a recording again that somebody removed, in the forms that its user wants now;
    /// also where the recording itself is gone.
    public func rewrite(_ id: RecordingID, in scope: AccessScope) async throws(CatalogError) -> RewriteOutcome
    {
        let outcome = try await store.withLock(of: id) { () async throws(CatalogError) -> RewriteOutcome in
            switch try await catalog.sidecars.makeDue(id, in: scope) {
            case .notFound: return .notFound
            case .nothing: return .nothing
            case .due: break
            }
            if try await write(id, isAsked: true) { return .written }
            return try await catalog.recordings.find(id)?.sidecarDue == nil ? .nothing : .later
        }
        return outcome ?? .notFound
    }

    /// Removes files of Kotib's own where they are still as it wrote them.
    public func remove(_ sidecars: [Sidecar]) async throws(CatalogError) {
        for sidecar in sidecars {
            guard let recording = try await catalog.recordings.find(sidecar.recording) else { continue }
            try await store.locks.withLock(on: recording.path) { () async throws(CatalogError) in
                _ = try await store.clear([sidecar])
            }
        }
    }

    /// As ``remove(_:)``, for a recording that is gone: a note that went along with its folder keeps its row.
    public func removeDeparted(_ sidecars: [Sidecar]) async throws(CatalogError) {
        var existing: [Sidecar] = []
        for sidecar in sidecars where try await !store.isRemoved(sidecar.path) { existing.append(sidecar) }
        try await remove(existing)
    }

    /// Deletes the rows of the files that a person removed beside a recording, so that it gets its text again
    /// when it comes back.
    public func forgetRemoved(of id: RecordingID) async throws(CatalogError) {
        guard let recording = try await catalog.recordings.find(id) else { return }
        try await store.locks.withLock(on: recording.path) { () async throws(CatalogError) in
            for sidecar in try await catalog.sidecars.owned(of: id) {
                if try await store.isRemoved(sidecar.path) {
                    try await catalog.sidecars.removed(sidecar.path)
                }
            }
        }
    }

    /// Writes the files that are due beside one recording. The caller holds its lock.
    /// - Parameter isAsked: a person asked for the files, also where the recording itself is gone.
    /// - Returns: whether any stand there now.
    @discardableResult
    func write(_ id: RecordingID, isAsked: Bool = false) async throws(CatalogError) -> Bool {
        // A recording that is being deleted gets no new files.
        guard let before = try await catalog.recordings.find(id, in: .everyone), before.sidecarDue != nil
        else {
            return false
        }
        // A text written before the old one has followed would be a second one.
        guard try await !catalog.moves.isMoving(id) else { return false }
        try await intents.recover(of: id)
        try await edits.readEdits(at: before.path)
        // A recorded edit makes the newer words due.
        guard let recording = try await catalog.recordings.find(id), let due = recording.sidecarDue else {
            return false
        }
        let isExpected = isAsked || recording.audio == .present
        let contents = try await composer.contents(of: recording)
        var (written, isDone): ([SidecarKind: InboxPath], Bool) = ([:], true)
        for content in contents {
            switch try await write(content, beside: recording, isExpected) {
            case .written(let path): written[content.kind] = path
            case .absent: continue
            case .folderGone:
                try await folderGone(recording, due)
                return false
            case .later: isDone = false
            }
        }
        if isDone || !written.isEmpty {
            let isRemoved = try await removeStale(beside: recording, Set(contents.map(\.kind)), written)
            isDone = isDone && isRemoved
        }
        if isDone { try await catalog.sidecars.waived(id, due: due) }
        return !written.isEmpty
    }

    private enum WriteOutcome {
        case written(InboxPath)
        /// There is nothing to update.
        case absent
        case folderGone
        /// It stays due.
        case later
    }

    /// - Parameter isExpected: a file that is missing is created; else only one that is there is updated.
    private func write(
        _ content: SidecarContent, beside recording: Recording, _ isExpected: Bool
    ) async throws(CatalogError) -> WriteOutcome {
        for path in try await names(for: content.kind, beside: recording, isExpected) {
            try await intents.recover(at: path)
            let owned = try await catalog.sidecars.owner(ofSidecar: path)
            let isOthers = owned.map { $0.recording != recording.id } ?? false
            // Another task moves it to its own place, or a later scan does.
            if isOthers, let owned, try await catalog.moves.isMoving(owned.recording) { return .later }
            var place = SidecarPlace(
                files: store.files, path: path, owned: owned,
                recording: content.kind.isNote ? nil : recording.path, words: content.words)
            place.isOnlyUpdated = !isExpected
            if recording.audio == .present { place.beside = (recording.path, recording.identity.device) }
            if isOthers, let owned { place.isKept = try await store.holdsPersonsWords(owned) }
            switch try await store.put(content, place, of: recording.id) {
            case .occupied, .absent: continue
            case .folderGone: return .folderGone
            case .unreachable, .heldOpen: return .later
            case .beingEdited(let identity):
                // An edit of an older recording's words does not delay this one, nor does a file that is no
                // text.
                if isOthers || problems.problem(of: path, identity) != nil { continue }
                return .later
            case .written(let identity):
                let sidecar = Sidecar(
                    recording: recording.id, kind: content.kind, path: path, identity: identity,
                    words: content.words)
                try await catalog.sidecars.written(sidecar, due: nil)
                store.nameIsFree(beside: recording.path)
                return .written(path)
            case nil: return .later
            }
        }
        guard isExpected else { return .absent }
        store.logNoFreeName(recording)
        return .later
    }

    /// The names to try: first the one that this recording has, so that it never has two. For a recording
    /// that is gone, no other: the text of another may belong there.
    private func names(
        for kind: SidecarKind, beside recording: Recording, _ isExpected: Bool
    ) async throws(CatalogError) -> [InboxPath] {
        let candidates = SidecarName.candidates(for: recording.path, kind: kind)
        let own = try await catalog.sidecars.owned(of: recording.id).filter { $0.kind == kind }.map(\.path)
        guard isExpected else { return own }
        return candidates.filter(own.contains) + candidates.filter { !own.contains($0) }
    }

    /// Removes, once something was written, texts of forms that are not wanted any more, a second one of a
    /// form that is, and notes that are no longer true. Also by name, since they may be of a recording that
    /// lay there before; but not that one's text where a person may have corrected it.
    /// - Returns: false where something could not be removed.
    private func removeStale(
        beside recording: Recording, _ wanted: Set<SidecarKind>, _ written: [SidecarKind: InboxPath]
    ) async throws(CatalogError) -> Bool {
        var existing = try await catalog.sidecars.owned(of: recording.id)
        if recording.audio == .present { existing += try await derived(at: recording.path, wanted) }
        return try await store.clear(
            existing.filter { sidecar in
                guard !problems.isAboutText(sidecar, beside: recording.path) else { return false }
                guard wanted.contains(sidecar.kind) else { return true }
                return written[sidecar.kind].map { $0 != sidecar.path } ?? false
            })
    }

    /// Notes and, where there are words now, other forms, and texts without a person's words.
    private func derived(
        at recording: InboxPath, _ wanted: Set<SidecarKind>
    ) async throws(CatalogError) -> [Sidecar] {
        let hasWords = wanted.contains { !$0.isNote }
        var derived: [Sidecar] = []
        for kind in SidecarKind.allCases where kind.isNote || hasWords {
            for name in SidecarName.candidates(for: recording, kind: kind) {
                guard let sidecar = try await catalog.sidecars.owner(ofSidecar: name), sidecar.kind == kind
                else { continue }
                if kind == .transcript, try await !isSuperseded(sidecar) { continue }
                derived.append(sidecar)
            }
        }
        return derived
    }

    /// Whether a text is of a recording that lies nowhere any more, and has its engine's words.
    private func isSuperseded(_ text: Sidecar) async throws(CatalogError) -> Bool {
        guard try await catalog.recordings.find(text.recording)?.audio == .replaced else { return false }
        return try await !store.holdsPersonsWords(text)
    }

    /// A folder that was moved away may come back before the watcher notices: the text stays due until the
    /// recording is known to be gone. The catalog has the words.
    private func folderGone(_ recording: Recording, _ due: SidecarDue) async throws(CatalogError) {
        guard recording.audio == .present else {
            return try await catalog.sidecars.waived(recording.id, due: due)
        }
        store.logger.warning(
            "text not written: folder removed, kept in the catalog",
            metadata: ["recording": "\(recording.id)", "file": "\(recording.path)"])
    }
}
