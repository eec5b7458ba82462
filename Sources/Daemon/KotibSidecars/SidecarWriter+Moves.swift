import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// A recording that was moved takes its texts along: also what a person has written in them, for they are its words.
///
/// The catalog says first that they are to follow (``Catalog/relocate(_:to:identity:now:)``), so that a later scan
/// ends what a crash or a fault stopped. A text that the person moved along is known by its inode.
extension SidecarWriter {
    /// Moves a recording as `commit` says, and its texts.
    /// - Returns: what `commit` returned; nil where it changed nothing.
    public func move(
        from old: InboxPath, to new: InboxPath, _ commit: () async throws(CatalogError) -> Relocation?
    ) async throws(CatalogError) -> Relocation? {
        let done = try await turns.take(at: old, and: new) { () async throws(CatalogError) in
            guard let relocation = try await commit() else { return nil as Relocation? }
            try await bringTexts(of: relocation.recording)
            return relocation
        }
        if done != nil { try await tidy(at: old) }
        return done
    }

    /// Ends what crashes and faults left of earlier moves.
    public func finishMoves() async throws(CatalogError) {
        var last: RecordingID?
        while !Task.isCancelled {
            let page = try await catalog.unfinishedMoves(after: last, limit: 100)
            guard let end = page.last else { return }
            for move in page {
                do throws(CatalogError) {
                    try await finish(move)
                } catch {
                    // One recording's row that cannot be read hides no other.
                    if error.isRetryable { throw error }
                    tellThatItStaysDue(move.recording, error)
                }
            }
            last = end.recording
        }
    }

    private func finish(_ move: UnfinishedMove) async throws(CatalogError) {
        guard let recording = try await catalog.recording(move.recording, in: .everyone) else { return }
        try await turns.take(at: move.path, and: recording.path) { () async throws(CatalogError) in
            // Moved once more while this waited: that move took them along.
            guard try await catalog.recording(recording.id)?.path == recording.path else { return }
            try await bringTexts(of: recording.id)
        }
        try await tidy(at: move.path)
    }

    /// What lies now where another lay may have had to take its second names, and may have waited to be written.
    private func tidy(at path: InboxPath) async throws(CatalogError) {
        guard let recording = try await catalog.current(path), recording.audio == .present else { return }
        try await turns.take(at: path) { () async throws(CatalogError) in
            guard try await catalog.recording(recording.id)?.path == path else { return }
            try await bringTexts(of: recording.id)
        }
    }

    /// With the turns at the old place and the new.
    private func bringTexts(of id: RecordingID) async throws(CatalogError) {
        guard let recording = try await catalog.recording(id, in: .everyone) else { return }
        try await settleIntents(of: id)
        try await takeEdits(at: recording.path)
        var (moved, lost, isDone): ([(from: InboxPath, to: InboxPath)], [InboxPath], Bool) = ([], [], true)
        var isDue = false
        for sidecar in try await catalog.ownedSidecars(of: id) {
            switch try await bring(sidecar, to: recording) {
            case .stands: continue
            case .moved(let path):
                moved.append((sidecar.path, path))
                // These two hold the recording's name.
                if [.md, .json].contains(sidecar.kind) { isDue = true }
            case .lost: lost.append(sidecar.path)
            case .otherDisk, .away: isDue = true
            case .later: isDone = false
            }
        }
        let isMoving = try await catalog.isMoving(id)
        if isMoving || !moved.isEmpty || !lost.isEmpty {
            try await catalog.sidecarsMoved(
                of: id, moved, lost: lost, isDone: isDone, isDue: isDue)
        }
        guard isDone else { return }
        if ![.failed, .rejected].contains(recording.state) {
            let notes = try await catalog.ownedSidecars(of: id).filter {
                $0.kind == .failed || $0.kind == .rejected
            }
            _ = try await clear(notes)
        }
        for sidecar in try await catalog.ownedSidecars(of: id) where sidecar.kind == .transcript {
            try await takeMoved(sidecar)
        }
        try await write(id)
    }

    private enum Bringing: Sendable {
        /// It has its best name already.
        case stands
        case moved(InboxPath)
        /// It is not there any more, or is a person's own now.
        case lost
        /// It cannot be renamed to there: it is written anew, and then removed.
        case otherDisk
        /// It may be there again later: it is written anew, and then removed when it is back.
        case away
        /// It stays to be done.
        case later
    }

    private func bring(_ sidecar: Sidecar, to recording: Recording) async throws(CatalogError) -> Bringing {
        var names = SidecarName.candidates(for: recording.path, kind: sidecar.kind)
        if sidecar.kind == .rejected, SidecarName.isAboutText(sidecar.path) {
            names = SidecarName.candidates(for: recording.path, kind: .transcript)
                .flatMap(SidecarName.notes(about:))
        }
        let better = Array(names.prefix { $0 != sidecar.path })
        if better.isEmpty { return .stands }
        var free: [InboxPath] = []
        for name in better where try await isFree(name, for: sidecar) { free.append(name) }
        let (files, targets) = (files, free)
        let move = SidecarMove(files: files, sidecar: sidecar, names: targets)
        let outcome: SidecarMove.Outcome
        do throws(FileError) {
            outcome = try await BlockingWork.run { () throws(FileError) in try move.carryOut() }
        } catch {
            warn("a text could not follow its recording; it will be tried again", sidecar.path, error)
            return .later
        }
        switch outcome {
        case .moved(let path): return .moved(path)
        case .lost: return .lost
        case .missing: return try await isAway(sidecar) ? .away : .lost
        case .otherDisk: return .otherDisk
        case .occupied:
            if names.contains(sidecar.path) { return .stands }
            tellThatThereIsNoPlace(recording)
            return .later
        }
    }

    /// Of what lay there before and was replaced the text makes place, unless it tells what a person wrote.
    private func isFree(_ name: InboxPath, for sidecar: Sidecar) async throws(CatalogError) -> Bool {
        guard let owned = try await catalog.owner(ofSidecar: name), owned.recording != sidecar.recording
        else { return true }
        if try await catalog.isMoving(owned.recording) { return false }
        if try await catalog.recording(owned.recording)?.audio == .present { return false }
        if try await holdsPersonsWords(owned) { return false }
        guard try await clear([owned]) else { return false }
        return try await catalog.owner(ofSidecar: name) == nil
    }
}

/// One text's way to its recording's new place. Its calls may block on the disk.
struct SidecarMove: Sendable {
    let files: any FileSystem
    let sidecar: Sidecar
    /// Where it may go, best first: nobody else's text of Kotib's stands there.
    let names: [InboxPath]

    enum Outcome: Sendable {
        case moved(InboxPath)
        /// Something of a person's own has its name.
        case lost
        /// Nothing is there.
        case missing
        case otherDisk, occupied
    }

    func carryOut() throws(FileError) -> Outcome {
        for name in names {
            guard let status = try files.examine(name), status.identity.inode == sidecar.inode,
                status.kind == .regular
            else { continue }
            // The person moved it along, or a crash came behind the rename, which must be durable too.
            try files.synchronize(files.openFolder(name.parent))
            return .moved(name)
        }
        guard let status = try files.examine(sidecar.path), status.kind == .regular else {
            return try savedAnew().map(Outcome.moved) ?? .missing
        }
        // Of the text a person's changes are the recording's words; any other form that was changed is theirs.
        guard sidecar.kind == .transcript || sidecar.isUntouched(status.identity) else { return .lost }
        for name in names where try rename(to: name) { return .moved(name) }
        return isOtherDisk ? .otherDisk : .occupied
    }

    /// The text that an editor has saved as a new file, after it was moved along: a text beside its recording is its
    /// text. Its words are taken in from there.
    private func savedAnew() throws(FileError) -> InboxPath? {
        guard sidecar.kind == .transcript else { return nil }
        let second = Array(".kotib.txt".utf8)
        let hadSecond = sidecar.path.name.suffix(second.count).elementsEqual(second)
        // The name with the ending that it had comes first.
        for name in hadSecond ? names.reversed() : names {
            guard try files.examine(name)?.kind == .regular else { continue }
            try files.synchronize(files.openFolder(name.parent))
            return name
        }
        return nil
    }

    /// - Returns: false where the name is taken, or is on another disk.
    private func rename(to name: InboxPath) throws(FileError) -> Bool {
        let (old, new) = (try files.openFolder(sidecar.path.parent), try files.openFolder(name.parent))
        do throws(FileError) {
            try files.move(sidecar.path.name, from: old, to: name.name, in: new)
        } catch {
            if [EEXIST, EXDEV].contains(error.code) { return false }
            throw error
        }
        try files.synchronize(new)
        try files.synchronize(old)
        return true
    }

    private var isOtherDisk: Bool {
        let devices = [sidecar.path.parent, names.first?.parent].map { folder in
            try? files.status(of: files.openFolder(folder)).identity.device
        }
        return devices[0] != devices[1]
    }
}
