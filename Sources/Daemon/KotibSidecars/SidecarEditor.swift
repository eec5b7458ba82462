import KotibCatalog
import KotibModel
import KotibPOSIX

/// Changes of a recording's words by a person: saved in the folder, or requested over the control socket.
public struct SidecarEditor: Sendable {
    let store: SidecarStore
    let edits: EditReader
    let writer: SidecarWriter
    let sleep: @Sendable (Duration) async throws -> Void

    private var catalog: Catalog { store.catalog }

    /// Records a text of Kotib's own that the watcher has found complete, and writes the files that are due
    /// then.
    public func saved(_ path: InboxPath) async throws(CatalogError) {
        while let owner = try await catalog.sidecars.owner(ofSidecar: path), owner.kind == .transcript {
            let isRead = try await store.withLock(of: owner.recording) { () async throws(CatalogError) in
                // Another task may have recorded it meanwhile, or a move given the name to another's text.
                guard let sidecar = try await catalog.sidecars.owner(ofSidecar: path),
                    sidecar.kind == .transcript, sidecar.recording == owner.recording
                else { return false }
                // It is back.
                if sidecar.isRemoved { try await catalog.sidecars.setRemoved(path, isRemoved: false) }
                try await edits.readEdit(of: sidecar, isAtRest: true)
                // It may have become the text of the recording that has replaced this one.
                let now = try await catalog.sidecars.owner(ofSidecar: path)?.recording
                try await writer.write(now ?? sidecar.recording)
                return true
            }
            if isRead ?? true { return }
        }
    }

    /// Records the texts that were saved beside a recording while its audio was not known as it is now.
    public func readSaved(beside id: RecordingID) async throws(CatalogError) {
        _ = try await store.withLock(of: id) { () async throws(CatalogError) in
            try await edits.readEdits(of: id)
        }
    }

    /// Notes that a file of Kotib's own was removed, so that it stays away when its recording moves. Nobody
    /// removed by itself what went with its folder or its file system.
    public func removed(_ path: InboxPath) async throws(CatalogError) {
        guard let sidecar = try await catalog.sidecars.owner(ofSidecar: path), !sidecar.isRemoved else {
            return
        }
        let search = MovedTextSearch(files: store.files)
        _ = try await store.withLock(of: sidecar.recording) { () async throws(CatalogError) in
            guard try await catalog.sidecars.owner(ofSidecar: path) == sidecar,
                await BlockingWork.run({ search.isRemovedAlone(path) }),
                try await !store.isUnreachable(sidecar)
            else { return }
            try await catalog.sidecars.setRemoved(path, isRemoved: true)
        }
    }

    /// Changes a recording's words as `commit` says; the sidecars are written before this returns, or stay
    /// due.
    ///
    /// A text that was saved in the folder is recorded first, so that nobody writes over words unseen. Waits
    /// for one that was saved just now, 3 seconds at most.
    /// - Parameter expected: the revision that the person saw; nil to replace whatever is there. A conflict
    ///   where the folder's text is still being written, since it may no longer be that revision.
    public func change(
        _ id: RecordingID, expected: RevisionID?,
        _ commit: () async throws(CatalogError) -> EditOutcome
    ) async throws(CatalogError) -> EditOutcome {
        guard try await catalog.recordings.find(id, in: .everyone) != nil else { return .notFound }
        try await waitForRest(beside: id)
        let outcome = try await store.withLock(of: id) { () async throws(CatalogError) -> EditOutcome in
            let isAtRest = try await edits.readEdits(of: id)
            if !isAtRest, expected != nil,
                let shown = try await catalog.revisions.find(nil, of: id, in: .everyone)
            {
                return .conflict(shown)
            }
            let outcome = try await commit()
            guard case .edited = outcome else { return outcome }
            do throws(CatalogError) {
                try await writer.write(id)
            } catch {
                // The next scan writes it.
                store.logStaysDue(id, error)
            }
            return outcome
        }
        return outcome ?? .notFound
    }

    /// The words beside the path of a recording that the catalog does not know, under a name that Kotib
    /// gives: after the catalog was rebuilt they are that recording's. Nil where there are none, or none that
    /// can be read.
    public func existingText(beside recording: InboxPath) async -> ExistingText? {
        let files = store.files
        return await BlockingWork.run {
            // Only Kotib uses the second name.
            for path in SidecarName.candidates(for: recording, kind: .transcript).reversed() {
                if let words = SavedText.existing(at: path, files) { return words }
            }
            return nil
        }
    }

    /// Records the text beside a recording that has none of its own in the catalog, as an edit: after the
    /// catalog was rebuilt from a backup it is that recording's.
    public func adoptText(of id: RecordingID) async throws(CatalogError) {
        _ = try await store.withLock(of: id) { () async throws(CatalogError) -> Bool in
            guard try await !catalog.sidecars.owned(of: id).contains(where: { $0.kind == .transcript }),
                let recording = try await catalog.recordings.find(id), recording.state == .completed,
                let text = await existingText(beside: recording.path),
                try await catalog.sidecars.owner(ofSidecar: text.path) == nil
            else { return false }
            try await edits.adopt(text, for: id)
            return true
        }
    }

    /// As ``adoptText(of:)``, for all recordings whose texts the catalog does not know.
    public func adoptTexts() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.adoption.withoutText(after: last, limit: 100)
            guard let end = page.last else { return }
            for id in page {
                do throws(CatalogError) {
                    try await adoptText(of: id)
                } catch {
                    // One unreadable row does not stop the others.
                    if error.isRetryable { throw error }
                    store.logStaysDue(id, error)
                }
            }
            last = end
        }
    }

    /// Without the lock, so that no other task waits.
    private func waitForRest(beside id: RecordingID) async throws(CatalogError) {
        for _ in 1...3 {
            var longest: Int64 = 0
            for sidecar in try await catalog.sidecars.owned(of: id) where sidecar.kind == .transcript {
                longest = max(longest, await edits.timeToRest(of: sidecar))
            }
            // After a cancellation the file is judged in its present state.
            guard longest > 0, (try? await sleep(.nanoseconds(longest))) != nil else { return }
        }
    }
}
