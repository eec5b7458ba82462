import KotibCatalog
import KotibModel
import KotibPOSIX

/// Tells an edit of a recording's text from the text of another recording that was moved to its name.
///
/// People rename recordings together with their texts, several in one go, and the watcher reports the names
/// in any order: a text may stand at its new name while the catalog still has another recording there.
struct TextOwnership: Sendable {
    let store: SidecarStore

    private var catalog: Catalog { store.catalog }

    /// Whether the file at a text's path is that text: unchanged, edited in place, or saved as a new file, as
    /// many editors do. True where no file is there.
    ///
    /// A file that changed is the recording's if the recording still stands beside it; its inode alone does
    /// not tell, since one that an editor freed may be another text's now. False while that is not known:
    /// moves are recorded first.
    func isOwn(_ text: Sidecar) async throws(CatalogError) -> Bool {
        guard let file = await file(at: text.path), !text.isUntouched(file) else { return true }
        let isSameInode = file.inode == text.inode
        if !isSameInode, try await isAnothers(file, at: text.path) { return false }
        guard let recording = try await catalog.recordings.find(text.recording) else { return true }
        guard let place = try await audioPath(of: text, recording) else { return isSameInode }
        let isExpected = recording.audio == .present && recording.path == place
        guard let audio = await self.file(at: place) else { return isSameInode || !isExpected }
        if audio.inode == recording.identity.inode { return true }
        if isExpected { return false }
        return try await !isTextOfOther(with: audio, than: recording.id, place.user, isSameInode)
    }

    /// Whether a file is the registered text of a recording that had another path.
    func isAnothers(_ file: FileIdentity, at path: InboxPath) async throws(CatalogError) -> Bool {
        for text in try await catalog.sidecars.transcripts(of: path.user, inode: file.inode)
        where text.path != path && text.isUntouched(file) {
            // With two names it was linked, not moved.
            if await self.file(at: text.path)?.inode != file.inode { return true }
        }
        return false
    }

    /// The file with a name that may be a text's; nil where there is no regular file, or it cannot be
    /// examined.
    func file(at path: InboxPath) async -> FileIdentity? {
        let files = store.files
        return await BlockingWork.run {
            guard let status = try? files.examine(path), status.kind == .regular else { return nil }
            return status.identity
        }
    }

    /// The path of the audio that a text's name is made from. Nil where the recording has another path, and
    /// its texts are not expected to follow.
    private func audioPath(
        of text: Sidecar, _ recording: Recording
    ) async throws(CatalogError) -> InboxPath? {
        if SidecarName.candidates(for: recording.path, kind: .transcript).contains(text.path) {
            return recording.path
        }
        guard try await catalog.moves.isMoving(recording.id) else { return nil }
        return SidecarName.recording(ofText: text.path) ?? recording.path
    }

    /// Whether a file is the audio of another recording that lacks its text, so that the file beside it is
    /// that text, moved along.
    /// - Parameter isSameInode: whether the file beside it has the inode of the text registered there. If so,
    ///   the other's text counts as lacking only if its inode is another too: both may have been edited in
    ///   place.
    private func isTextOfOther(
        with audio: FileIdentity, than id: RecordingID, _ user: UserFolder, _ isSameInode: Bool
    ) async throws(CatalogError) -> Bool {
        for other in try await catalog.moves.recordings(with: audio, in: user) where other.id != id {
            for text in try await catalog.sidecars.owned(of: other.id) where text.kind == .transcript {
                guard let file = await file(at: text.path) else { return true }
                if isSameInode ? file.inode != text.inode : !text.isUntouched(file) { return true }
            }
        }
        return false
    }
}
