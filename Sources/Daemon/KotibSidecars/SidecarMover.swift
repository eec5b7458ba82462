import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// Renames the texts of a recording that was moved, also those that a person has edited, for they are its
/// words.
///
/// The catalog says first that they are to follow (``MoveStore/relocate(_:to:identity:now:)``), so that a
/// later scan completes a move that a crash or a fault interrupted. A text that the person moved along is
/// recognized by its inode.
public struct SidecarMover: Sendable {
    let store: SidecarStore
    let ownership: TextOwnership
    let intents: IntentRecovery
    let edits: EditReader
    let writer: SidecarWriter

    private var catalog: Catalog { store.catalog }

    /// Moves a recording as `commit` says, and its texts.
    /// - Returns: what `commit` returned; nil where it changed nothing.
    public func move(
        from old: InboxPath, to new: InboxPath, _ commit: () async throws(CatalogError) -> Relocation?
    ) async throws(CatalogError) -> Relocation? {
        let done = try await store.locks.withLock(on: old, and: new) { () async throws(CatalogError) in
            guard let relocation = try await commit() else { return nil as Relocation? }
            try await moveTexts(of: relocation.recording)
            return relocation
        }
        if done != nil { try await tidy(at: old) }
        return done
    }

    /// Completes the moves that crashes and faults interrupted, and those of texts whose folders are not
    /// where they were. A user's folder is looked through once for all of them.
    public func finishMoves() async throws(CatalogError) {
        var missing: [UserFolder: [Sidecar]] = [:]
        try await forEachMove { move throws(CatalogError) in
            for sidecar in try await missingSidecars(of: move.recording) {
                missing[sidecar.path.user, default: []].append(sidecar)
            }
        }
        var strays: [UserFolder: StrayTexts] = [:]
        for (user, sidecars) in missing { strays[user] = await look(for: sidecars, of: user) }
        try await forEachMove { move throws(CatalogError) in
            try await finish(move, strays[move.path.user])
        }
    }

    private func forEachMove(
        _ body: (UnfinishedMove) async throws(CatalogError) -> Void
    ) async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.moves.unfinished(after: last, limit: 100)
            guard let end = page.last else { return }
            for move in page {
                do throws(CatalogError) {
                    try await body(move)
                } catch {
                    // One unreadable row does not stop the others.
                    if error.isRetryable { throw error }
                    store.logStaysDue(move.recording, error)
                }
            }
            last = end.recording
        }
    }

    /// A text that is not found now is written anew.
    private func finish(_ move: UnfinishedMove, _ strays: StrayTexts?) async throws(CatalogError) {
        guard let recording = try await catalog.recordings.find(move.recording, in: .everyone) else { return }
        try await store.locks.withLock(on: move.path, and: recording.path) { () async throws(CatalogError) in
            // A second move while this waited took them along.
            guard try await catalog.recordings.find(recording.id)?.path == recording.path else { return }
            try await moveTexts(of: recording.id, strays)
        }
        try await tidy(at: move.path)
    }

    /// A recording at the path that another one left can now use its first names, and texts that had no free
    /// name.
    private func tidy(at path: InboxPath) async throws(CatalogError) {
        guard let recording = try await catalog.recordings.current(path), recording.audio == .present else {
            return
        }
        try await store.locks.withLock(on: path) { () async throws(CatalogError) in
            guard try await catalog.recordings.find(recording.id)?.path == path else { return }
            try await moveTexts(of: recording.id)
        }
    }

    /// The caller holds the locks of the old path and the new.
    /// - Parameter strays: the texts that were looked for; another whose folder is gone waits for a scan.
    private func moveTexts(of id: RecordingID, _ strays: StrayTexts? = nil) async throws(CatalogError) {
        guard let recording = try await catalog.recordings.find(id, in: .everyone) else { return }
        try await intents.recover(of: id)
        try await edits.readEdits(at: recording.path)
        var (moved, lost, isDone): ([(from: InboxPath, to: InboxPath)], [InboxPath], Bool) = ([], [], true)
        var isDue = false
        for sidecar in try await catalog.sidecars.owned(of: id) {
            switch try await move(sidecar, to: recording, strays) {
            case .inPlace: continue
            case .moved(let old, let path):
                moved.append((old, path))
                // These two hold the recording's name.
                if [.md, .json].contains(sidecar.kind) { isDue = true }
            case .lost(let path): lost.append(path)
            case .vanished(let path):
                lost.append(path)
                isDue = true
            case .otherDisk, .unreachable: isDue = true
            case .later: isDone = false
            }
        }
        let isMoving = try await catalog.moves.isMoving(id)
        if isMoving || !moved.isEmpty || !lost.isEmpty {
            try await catalog.moves.sidecarsMoved(
                of: id, moved, lost: lost, isDone: isDone, isDue: isDue)
        }
        guard isDone else { return }
        if ![.failed, .rejected].contains(recording.state) {
            let notes = try await catalog.sidecars.owned(of: id).filter {
                $0.kind == .failed || $0.kind == .rejected
            }
            _ = try await store.clear(notes)
        }
        for sidecar in try await catalog.sidecars.owned(of: id) where sidecar.kind == .transcript {
            try await edits.readEdit(of: sidecar)
        }
        try await writer.write(id)
    }

    private enum MoveOutcome: Sendable {
        /// It has its best name already.
        case inPlace
        case moved(from: InboxPath, to: InboxPath)
        /// It was removed, or is a person's own now; with the path of its row.
        case lost(InboxPath)
        /// Its folder is not there any more, nor is it anywhere else: nobody removed it on purpose.
        case vanished(InboxPath)
        /// A rename cannot cross file systems: it is written anew, and then removed.
        case otherDisk
        /// Its file system is not mounted: it is written anew, and removed when it is back.
        case unreachable
        /// A later scan tries again.
        case later
    }

    private func move(
        _ sidecar: Sidecar, to recording: Recording, _ strays: StrayTexts?
    ) async throws(CatalogError) -> MoveOutcome {
        var names = SidecarName.candidates(for: recording.path, kind: sidecar.kind)
        if sidecar.kind == .rejected, SidecarName.isAboutText(sidecar.path) {
            names = SidecarName.candidates(for: recording.path, kind: .transcript)
                .flatMap(SidecarName.notes(about:))
        }
        let better = Array(names.prefix { $0 != sidecar.path })
        if better.isEmpty { return .inPlace }
        if let path = try await movedAlong(sidecar, better) { return await register(sidecar, at: path) }
        let isOwn = sidecar.kind == .transcript ? try await ownership.isOwn(sidecar) : true
        var free: [InboxPath] = []
        for name in better where try await isFree(name, for: sidecar) { free.append(name) }
        let rename = SidecarMove(files: store.files, sidecar: sidecar, isOwn: isOwn, names: free)
        let outcome: SidecarMove.Outcome
        do throws(FileError) {
            outcome = try await BlockingWork.run { () throws(FileError) in try rename.perform() }
        } catch {
            warnOfDelay(sidecar, error)
            return .later
        }
        switch outcome {
        case .moved(let path): return .moved(from: sidecar.path, to: path)
        case .lost: return .lost(sidecar.path)
        case .missing:
            if let path = try await savedAnew(sidecar, better) { return await register(sidecar, at: path) }
            // Another recording's text has the name: nobody removed this one on purpose.
            if !isOwn { return .vanished(sidecar.path) }
            if try await store.isUnreachable(sidecar) { return .unreachable }
            return try await follow(sidecar, of: recording, strays)
        case .otherDisk: return .otherDisk
        case .occupied:
            if names.contains(sidecar.path) { return .inPlace }
            store.logNoFreeName(recording)
            return .later
        }
    }

    /// The name at which the very file stands already, because the person moved it along. Another recording's
    /// text may be registered there that was moved too.
    private func movedAlong(
        _ sidecar: Sidecar, _ names: [InboxPath]
    ) async throws(CatalogError) -> InboxPath? {
        for name in names where try await holder(of: name, besides: sidecar)?.inode != sidecar.inode {
            guard let file = await ownership.file(at: name), file.inode == sidecar.inode,
                sidecar.kind == .transcript || sidecar.isUntouched(file)
            else { continue }
            return name
        }
        return try await copiedAlong(sidecar, names)
    }

    /// The name at which a file has the words of a text that is not at its own path any more.
    private func copiedAlong(
        _ sidecar: Sidecar, _ names: [InboxPath]
    ) async throws(CatalogError) -> InboxPath? {
        guard sidecar.kind == .transcript, let words = sidecar.words, !sidecar.isRemoved else { return nil }
        if await ownership.words(at: sidecar.path) == words { return nil }
        for name in names {
            guard let file = await ownership.file(at: name), await ownership.words(at: name) == words else {
                continue
            }
            let isHolders = try await holder(of: name, besides: sidecar)?.isUntouched(file) ?? false
            if isHolders { continue }
            if try await !ownership.isAnothers(file, at: name) { return name }
        }
        return nil
    }

    /// The name of another recording's text at which a file stands that is neither that text nor any other:
    /// it was moved along, and saved by an editor as a new file.
    private func savedAnew(
        _ sidecar: Sidecar, _ names: [InboxPath]
    ) async throws(CatalogError) -> InboxPath? {
        guard sidecar.kind == .transcript else { return nil }
        for name in names {
            guard let holder = try await holder(of: name, besides: sidecar),
                let file = await ownership.file(at: name), try await !ownership.isOwn(holder),
                try await !ownership.isAnothers(file, at: name)
            else { continue }
            return name
        }
        return nil
    }

    /// Another recording's text that is registered at a name.
    private func holder(
        of name: InboxPath, besides sidecar: Sidecar
    ) async throws(CatalogError) -> Sidecar? {
        guard let owner = try await catalog.sidecars.owner(ofSidecar: name),
            owner.recording != sidecar.recording
        else { return nil }
        return owner
    }

    /// The rename of a text is made durable before its new name is registered.
    private func register(_ sidecar: Sidecar, at path: InboxPath) async -> MoveOutcome {
        let files = store.files
        do throws(FileError) {
            try await BlockingWork.run { () throws(FileError) in
                try files.synchronize(files.openFolder(path.parent))
            }
            return .moved(from: sidecar.path, to: path)
        } catch {
            warnOfDelay(sidecar, error)
            return .later
        }
    }

    /// Moves a text from where its folder went.
    private func follow(
        _ sidecar: Sidecar, of recording: Recording, _ strays: StrayTexts?
    ) async throws(CatalogError) -> MoveOutcome {
        if sidecar.isRemoved { return .lost(sidecar.path) }
        let search = MovedTextSearch(files: store.files)
        let places: [InboxPath]
        do throws(FileError) {
            let isGone = try await BlockingWork.run { () throws(FileError) in
                try search.isFolderGone(of: sidecar.path)
            }
            guard isGone else { return .lost(sidecar.path) }
            guard let strays, strays.isSeeking(sidecar) else { return .later }
            places = try await BlockingWork.run { () throws(FileError) in
                try search.places(of: sidecar, among: strays)
            }
        } catch {
            warnOfDelay(sidecar, error)
            return .later
        }
        var found: [InboxPath] = []
        for place in places where try await catalog.sidecars.owner(ofSidecar: place) == nil {
            found.append(place)
        }
        // Of several it may be any.
        guard found.count == 1 else { return .vanished(sidecar.path) }
        var stray = sidecar
        stray.path = found[0]
        // After a crash it is looked for there.
        try await catalog.moves.sidecarsMoved(
            of: recording.id, [(sidecar.path, stray.path)], lost: [], isDone: false, isDue: false)
        return try await move(stray, to: recording, strays)
    }

    /// The texts of a moved recording that are to be looked for: their folders are gone.
    private func missingSidecars(of id: RecordingID) async throws(CatalogError) -> [Sidecar] {
        let sidecars = try await catalog.sidecars.owned(of: id).filter { !$0.isRemoved }
        let search = MovedTextSearch(files: store.files)
        return await BlockingWork.run {
            sidecars.filter { (try? search.isFolderGone(of: $0.path)) ?? false }
        }
    }

    /// - Returns: nil where that cannot be told now; the cause is logged.
    private func look(for sidecars: [Sidecar], of user: UserFolder) async -> StrayTexts? {
        let search = MovedTextSearch(files: store.files)
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in
                try search.places(of: sidecars, in: user)
            }
        } catch {
            warnOfDelay(sidecars[0], error)
            return nil
        }
    }

    private func warnOfDelay(_ sidecar: Sidecar, _ error: FileError) {
        store.warn("cannot move text with its recording, retrying later", sidecar.path, error)
    }

    /// Whether nothing of another recording's has the name. The text of a recording that was replaced is
    /// removed for it, unless a person edited it.
    private func isFree(_ name: InboxPath, for sidecar: Sidecar) async throws(CatalogError) -> Bool {
        guard let owned = try await catalog.sidecars.owner(ofSidecar: name),
            owned.recording != sidecar.recording
        else { return true }
        if try await catalog.moves.isMoving(owned.recording) { return false }
        if try await catalog.recordings.find(owned.recording)?.audio == .present { return false }
        if try await store.holdsPersonsWords(owned) { return false }
        guard try await store.clear([owned]) else { return false }
        return try await catalog.sidecars.owner(ofSidecar: name) == nil
    }
}
