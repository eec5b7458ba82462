import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Records the texts that people saved in their folders as revisions.
///
/// A saved text becomes a revision before anything is written over it, and the same transaction registers the
/// file in its present state. An emptied text is an edit like any other: the earlier words stay in their
/// revisions. The caller holds the recording's lock.
struct EditReader: Sendable {
    /// Nanoseconds for which a text must not have changed before it is read without an event from the
    /// watcher.
    private static let quiet: Int64 = 1_000_000_000

    let store: SidecarStore
    let ownership: TextOwnership
    let problems: TextProblemNotes
    /// Nanoseconds since 1970.
    let wallClock: @Sendable () -> Int64
    /// The quota of users who have none of their own.
    let limits: Quota

    private var catalog: Catalog { store.catalog }

    /// Records the texts that a person saved beside one recording.
    /// - Returns: false where one is still being written, or cannot be told from another recording's yet.
    func readEdits(of id: RecordingID) async throws(CatalogError) -> Bool {
        var isAtRest = true
        for sidecar in try await catalog.sidecars.owned(of: id) where sidecar.kind == .transcript {
            if try await !readEdit(of: sidecar) { isAtRest = false }
        }
        return isAtRest
    }

    /// Records the texts at the names that a recording's text may have: an older recording's may stand there.
    func readEdits(at recording: InboxPath) async throws(CatalogError) {
        for path in SidecarName.candidates(for: recording, kind: .transcript) {
            guard let sidecar = try await catalog.sidecars.owner(ofSidecar: path), sidecar.kind == .transcript
            else {
                continue
            }
            try await readEdit(of: sidecar)
        }
    }

    /// Records a text if it changed. One that belongs to another recording, moved there together with its
    /// audio, is no edit of this one's.
    /// - Parameter isAtRest: the watcher has found it complete, so its age is not checked.
    /// - Returns: false where it is being written, or cannot be told from another recording's yet.
    @discardableResult
    func readEdit(of sidecar: Sidecar, isAtRest: Bool = false) async throws(CatalogError) -> Bool {
        var sidecar = sidecar
        switch try await ownership.owner(of: sidecar) {
        case .own: break
        case .other: return true
        case .successor(let recording):
            // Read once it has words.
            guard recording.state == .completed else { return true }
            sidecar.recording = recording.id
            sidecar.words = nil
        case .unknown: return false
        }
        switch await content(of: sidecar, savedBefore: isAtRest ? nil : wallClock() - Self.quiet) {
        case .unchanged: return true
        case .beingWritten: return false
        case .unreadable(let problem, let identity):
            try await problems.report(problem, identity, sidecar)
            return true
        case .words(let words, let identity):
            if let problem = try await record(words, identity, sidecar) {
                try await problems.report(problem, identity, sidecar)
            } else {
                try await problems.withdraw(sidecar)
            }
            return true
        }
    }

    /// Records a text that the catalog has lost.
    func adopt(_ text: ExistingText, for id: RecordingID) async throws(CatalogError) {
        let sidecar = Sidecar(recording: id, kind: .transcript, path: text.path, identity: text.identity)
        if let problem = try await record(text.text, text.identity, sidecar) {
            try await problems.report(problem, text.identity, sidecar)
        }
    }

    /// Nanoseconds until a text that somebody saved has been at rest long enough to be read.
    func timeToRest(of sidecar: Sidecar) async -> Int64 {
        let files = store.files
        let status = await BlockingWork.run { try? files.examine(sidecar.path) }
        guard let status, status.kind == .regular, !sidecar.isUntouched(status.identity) else { return 0 }
        let (rest, isOver) = (Self.quiet - wallClock()).addingReportingOverflow(status.identity.changed)
        // The wait for a file with a time in the future is limited.
        return isOver ? 0 : min(max(0, rest), Self.quiet)
    }

    private func content(of sidecar: Sidecar, savedBefore latest: Int64?) async -> SavedText.Content {
        let (text, problems) = (SavedText(files: store.files, sidecar: sidecar), problems)
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in
                try text.read(known: { problems.problem(of: sidecar.path, $0) }, savedBefore: latest)
            }
        } catch .notRegular {
            return .unchanged
        } catch {
            if SidecarPlace.mayMeanFolderIsGone(error) { return .unchanged }
            // Samba's oplock, which ends when its holder has written.
            if error.code == EAGAIN { return .beingWritten }
            store.warn("cannot read saved text", sidecar.path, error)
            return .unchanged
        }
    }

    /// - Returns: the reason why the words are not recorded; the file is left unchanged.
    private func record(
        _ words: String, _ identity: FileIdentity, _ sidecar: Sidecar
    ) async throws(CatalogError) -> TextProblem? {
        let hash = SidecarText.hash(words)
        let saved = Sidecar(
            recording: sidecar.recording, kind: sidecar.kind, path: sidecar.path, identity: identity,
            words: hash)
        if try await areKnown(hash, sidecar) {
            try await catalog.sidecars.written(saved, due: nil)
            return nil
        }
        guard let recording = try await catalog.recordings.find(sidecar.recording) else { return nil }
        let edit = TranscriptEdit(
            recording: recording.id, scope: .everyone, text: words, author: recording.user, origin: .sidecar,
            expected: nil)
        let outcome = try await catalog.revisions.edit(edit, from: saved, under: limits)
        if case .overQuota(let rejection) = outcome { return .overQuota(rejection) }
        guard case .edited = outcome else { return nil }
        store.logger.info(
            "transcript edited in folder",
            metadata: ["recording": "\(recording.id)", "file": "\(sidecar.path)"])
        return nil
    }

    /// Whether they are the words that were written there, or the ones shown now: after a crash between the
    /// write and its record, and where an older version wrote, which kept no hash.
    private func areKnown(_ words: [UInt8], _ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        if sidecar.words == words { return true }
        let shown = try await catalog.recordings.transcript(of: sidecar.recording)
        return shown.map { SidecarText.hash($0.text) } == words
    }
}
