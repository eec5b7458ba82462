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
        guard let sidecar = try await catalog.owner(ofSidecar: path), sidecar.kind == .transcript,
            let recording = try await catalog.recording(sidecar.recording)
        else { return }
        try await turns.take(at: recording.path) { () async throws(CatalogError) in
            // Somebody else may have taken it in meanwhile.
            guard let sidecar = try await catalog.owner(ofSidecar: path), sidecar.kind == .transcript else {
                return
            }
            try await take(sidecar)
            try await write(sidecar.recording)
        }
    }

    /// Changes a recording's words as `commit` says; the sidecars are written before this returns, or stay due.
    /// What was saved in the folder before comes first, so that nobody writes over words unseen: one that was
    /// saved just now is waited for, 3 seconds at most.
    /// - Parameter expected: the revision that the person saw; nil to write over whatever is there. Where the
    ///   folder's text does not come to rest, nobody can say that it is still that one: a conflict.
    public func change(
        _ id: RecordingID, expected: RevisionID?,
        _ commit: () async throws(CatalogError) -> EditOutcome
    ) async throws(CatalogError) -> EditOutcome {
        guard try await catalog.recording(id, in: .everyone) != nil else { return .notFound }
        try await waitForRest(beside: id)
        let outcome = try await takeTurn(of: id) { () async throws(CatalogError) -> EditOutcome in
            let isAtRest = try await takeEdits(of: id)
            if !isAtRest, expected != nil,
                let shown = try await catalog.revision(nil, of: id, in: .everyone)
            {
                return .conflict(shown)
            }
            let outcome = try await commit()
            guard case .edited = outcome else { return outcome }
            do throws(CatalogError) {
                try await write(id)
            } catch {
                // The next scan writes it.
                tellThatItStaysDue(id, error)
            }
            return outcome
        }
        return outcome ?? .notFound
    }

    /// Without the turn, so that nobody else waits.
    private func waitForRest(beside id: RecordingID) async throws(CatalogError) {
        for _ in 1...3 {
            var longest: Int64 = 0
            for sidecar in try await catalog.ownedSidecars(of: id) where sidecar.kind == .transcript {
                longest = max(longest, await restlessness(of: sidecar))
            }
            // Cancelled: what is there now is judged as it is.
            guard longest > 0, (try? await sleep(.nanoseconds(longest))) != nil else { return }
        }
    }

    /// Nanoseconds until a text that somebody saved has stood still for ``quiet``.
    private func restlessness(of sidecar: Sidecar) async -> Int64 {
        let files = files
        let status = await BlockingWork.run { try? files.examine(sidecar.path) }
        guard let status, status.kind == .regular, !sidecar.isUntouched(status.identity) else { return 0 }
        let (rest, isOver) = (Self.quiet - wallClock()).addingReportingOverflow(status.identity.changed)
        // A file from the future is not waited for longer.
        return isOver ? 0 : min(max(0, rest), Self.quiet)
    }

    /// Takes in what a person saved beside one recording and has stood still since.
    /// - Returns: false where something does not stand still.
    private func takeEdits(of id: RecordingID) async throws(CatalogError) -> Bool {
        var isAtRest = true
        for sidecar in try await catalog.ownedSidecars(of: id) where sidecar.kind == .transcript {
            if try await !take(sidecar, ifQuiet: true) { isAtRest = false }
        }
        return isAtRest
    }

    /// As ``takeEdits(of:)``, at the names where the words would stand: an older recording's may stand there.
    func takeEdits(at recording: InboxPath) async throws(CatalogError) {
        for path in SidecarName.candidates(for: recording, kind: .transcript) {
            guard let sidecar = try await catalog.owner(ofSidecar: path), sidecar.kind == .transcript else {
                continue
            }
            try await take(sidecar, ifQuiet: true)
        }
    }

    /// What a person wrote into a text before or while it was moved.
    func takeMoved(_ sidecar: Sidecar) async throws(CatalogError) {
        try await take(sidecar, ifQuiet: true)
    }

    private enum Content: Sendable {
        /// Nothing to take: as it was written, or gone.
        case none
        /// It is being written.
        case restless
        case words(String, FileIdentity)
        case unreadable(TextProblem, FileIdentity)
    }

    /// - Returns: false where it is being written.
    @discardableResult
    private func take(_ sidecar: Sidecar, ifQuiet: Bool = false) async throws(CatalogError) -> Bool {
        switch await content(of: sidecar, ifQuiet: ifQuiet) {
        case .none: return true
        case .restless: return false
        case .unreadable(let problem, let identity):
            try await tell(problem, identity, sidecar)
            return true
        case .words(let words, let identity):
            if let problem = try await take(words, identity, sidecar) {
                try await tell(problem, identity, sidecar)
            } else {
                try await untell(sidecar)
            }
            return true
        }
    }

    /// - Returns: why they are not taken in; the file is left as it is.
    private func take(
        _ words: String, _ identity: FileIdentity, _ sidecar: Sidecar
    ) async throws(CatalogError) -> TextProblem? {
        let hash = SidecarText.hash(words)
        let saved = Sidecar(
            recording: sidecar.recording, kind: sidecar.kind, path: sidecar.path, identity: identity,
            words: hash)
        if try await areKnown(hash, sidecar) {
            try await catalog.sidecarWritten(saved, due: nil)
            return nil
        }
        guard let recording = try await catalog.recording(sidecar.recording) else { return nil }
        let edit = TranscriptEdit(
            recording: recording.id, scope: .everyone, text: words, author: recording.user, origin: .sidecar,
            expected: nil)
        let outcome = try await catalog.edit(edit, from: saved, under: limits)
        if case .overQuota(let rejection) = outcome { return .overQuota(rejection) }
        guard case .edited = outcome else { return nil }
        logger.info(
            "transcript edited in its folder",
            metadata: ["recording": "\(recording.id)", "file": "\(sidecar.path)"])
        return nil
    }

    /// Whether they are what was written there, or what is shown now: after a crash between the writing and its
    /// record, and where an older version wrote, which kept no hash.
    private func areKnown(_ words: [UInt8], _ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        if sidecar.words == words { return true }
        let shown = try await catalog.transcript(of: sidecar.recording)
        return shown.map { SidecarText.hash($0.text) } == words
    }

    private func content(of sidecar: Sidecar, ifQuiet: Bool) async -> Content {
        let (files, unreadable) = (files, unreadable)
        // Nobody but the watcher, which asked before it told, takes what may still be written.
        let latest = ifQuiet ? wallClock() - Self.quiet : nil
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in
                try Self.content(of: sidecar, files, unreadable, savedBefore: latest)
            }
        } catch .notRegular {
            return .none
        } catch {
            if SidecarPlace.mayMeanThatTheFolderIsGone(error) { return .none }
            // Samba's oplock, which it gives back when whoever holds it has written.
            if error.code == EAGAIN { return .restless }
            warn("a saved text cannot be read now", sidecar.path, error)
            return .none
        }
    }

    private static func content(
        of sidecar: Sidecar, _ files: any FileSystem, _ unreadable: UnreadableTexts,
        savedBefore latest: Int64?
    ) throws(FileError) -> Content {
        guard let status = try files.examine(sidecar.path), status.kind == .regular,
            !sidecar.isUntouched(status.identity)
        else { return .none }
        let identity = status.identity
        if let latest, identity.changed > latest { return .restless }
        // Each scan comes by: it is not read again before somebody has changed it, or its names or permissions.
        if let problem = unreadable.problem(sidecar.path, identity), problem.lastsUntilChanged {
            return .unreadable(problem, identity)
        }
        // With a second name it may be somebody else's file, linked here to have it read (threat 16).
        guard status.links == 1 else { return .unreadable(.hardLink, identity) }
        guard identity.size <= Int64(SidecarText.longest) else {
            return .unreadable(.tooLong(limit: SidecarText.longest), identity)
        }
        let file: OpenFile
        do throws(FileError) {
            file = try files.openForReading(sidecar.path).file
        } catch {
            guard error.code == EACCES else { throw error }
            return .unreadable(.unreadable, identity)
        }
        guard try files.isReadableInItsFolder(sidecar.path, file, status) else {
            return .unreadable(.foreign, identity)
        }
        if latest != nil, WriterCheck(file) == .writing { return .restless }
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.read(upTo: SidecarText.longest + 1)
        } catch {
            throw .system(error)
        }
        // A change meanwhile makes the watcher look again.
        guard try files.status(of: file).identity == identity else { return .restless }
        guard let words = SidecarText.words(bytes) else { return .unreadable(.encoding, identity) }
        return .words(words, identity)
    }
}
