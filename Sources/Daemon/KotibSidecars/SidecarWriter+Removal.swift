import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging

/// What came of a wish to have a recording's texts beside it again.
public enum PutBack: Hashable, Sendable {
    /// They stand there, as far as they could be written.
    case written
    /// They cannot be written now; it is tried again by itself.
    case later
    /// There are no words, nothing to tell, or no place for them any more.
    case nothing
    case notFound
}

/// What is no longer true, or no longer there.
extension SidecarWriter {
    /// Removes files of Kotib's own, where they are still as it wrote them.
    public func remove(_ sidecars: [Sidecar]) async throws(CatalogError) {
        for sidecar in sidecars {
            guard let recording = try await catalog.recording(sidecar.recording) else { continue }
            try await turns.take(at: recording.path) { () async throws(CatalogError) in
                _ = try await clear([sidecar])
            }
        }
    }

    /// As ``remove(_:)``, for what is gone: a note that went along with its folder stays Kotib's own.
    public func removeDeparted(_ sidecars: [Sidecar]) async throws(CatalogError) {
        var standing: [Sidecar] = []
        for sidecar in sidecars where try await !isRemoved(sidecar.path) { standing.append(sidecar) }
        try await remove(standing)
    }

    /// With the turn: as ``remove(_:)``. What was written anew meanwhile stays.
    /// - Returns: false where one could not be removed.
    func clear(_ sidecars: [Sidecar]) async throws(CatalogError) -> Bool {
        var isDone = true
        for sidecar in sidecars where try await catalog.owner(ofSidecar: sidecar.path) == sidecar {
            let place = SidecarPlace(files: files, path: sidecar.path, owned: sidecar)
            var isAbsent = false
            do throws(FileError) {
                switch try await BlockingWork.run({ () throws(FileError) in try place.clear() }) {
                case .removed: break
                // Its words are still to be taken in.
                case .stays: if sidecar.kind == .transcript { continue }
                case .absent: isAbsent = true
                }
            } catch .heldOpen {
                tellThatItIsOpen(sidecar.path)
                isDone = false
                continue
            } catch {
                // Still Kotib's own, so that whatever comes next at this name may take its place.
                if !SidecarPlace.mayMeanThatTheFolderIsGone(error) {
                    warn("a text that is no longer true could not be removed", sidecar.path, error)
                    isDone = false
                    continue
                }
            }
            if isAbsent, try await isAway(sidecar) {
                isDone = false
                continue
            }
            try await catalog.sidecarRemoved(sidecar.path)
        }
        return isDone
    }

    /// Whether a text that is not at its path is on a file system that is not mounted.
    func isAway(_ sidecar: Sidecar) async throws(CatalogError) -> Bool {
        let files = files
        let place = await BlockingWork.run { try? Whereabouts(files: files).place(of: sidecar.path) }
        guard let place else { return true }
        guard place.device != sidecar.device else { return false }
        return try await !catalog.hasOlder(than: sidecar.recording, below: place.folder, on: place.device)
    }

    /// Forgets what a person removed beside a recording, so that what comes back gets its text again.
    public func forgetRemoved(of id: RecordingID) async throws(CatalogError) {
        guard let recording = try await catalog.recording(id) else { return }
        try await turns.take(at: recording.path) { () async throws(CatalogError) in
            for sidecar in try await catalog.ownedSidecars(of: id) {
                if try await isRemoved(sidecar.path) { try await catalog.sidecarRemoved(sidecar.path) }
            }
        }
    }

    /// Writes the texts beside a recording again that somebody removed, as its user wants them now; also where the
    /// recording itself is not there any more.
    public func putBack(_ id: RecordingID, in scope: AccessScope) async throws(CatalogError) -> PutBack {
        let outcome = try await takeTurn(of: id) { () async throws(CatalogError) -> PutBack in
            switch try await catalog.makeTextsDue(id, in: scope) {
            case .notFound: return .notFound
            case .nothing: return .nothing
            case .due: break
            }
            if try await write(id, isAsked: true) { return .written }
            return try await catalog.recording(id)?.sidecarDue == nil ? .nothing : .later
        }
        return outcome ?? .notFound
    }

    func isRemoved(_ path: InboxPath) async throws(CatalogError) -> Bool {
        let files = files
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in try files.examine(path) == nil }
        } catch {
            warn("cannot tell whether a text is still there", path, error)
            return false
        }
    }
}
