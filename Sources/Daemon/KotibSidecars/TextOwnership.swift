import KotibCatalog
import KotibModel
import KotibPOSIX

/// Tells an edit of a recording's text from the text of another recording that was moved to its name.
///
/// People rename recordings together with their texts, several in one go, and the watcher reports the names
/// in any order: a text may stand at its new name while the catalog still has another recording there.
struct TextOwnership: Sendable {
    /// Nanoseconds for which a text that was put beside another recording waits for its own one, which may be
    /// renamed after it.
    private static let longestMove: Int64 = 60_000_000_000

    let store: SidecarStore
    /// Nanoseconds since 1970.
    let wallClock: @Sendable () -> Int64

    private var catalog: Catalog { store.catalog }

    enum Owner {
        /// The registered recording, whether or not a person edited the file; or no file is there.
        case own
        /// Another recording: its text was moved or copied here.
        case other
        /// The audio beside it has changed, and has not been looked at yet.
        case unknown
    }

    /// Whether the file at a text's path is that text: unchanged, edited in place, or saved as a new file, as
    /// many editors do.
    func isOwn(_ text: Sidecar) async throws(CatalogError) -> Bool { try await owner(of: text) == .own }

    /// The owner of the file at a text's path.
    ///
    /// A file that changed is the recording's if the recording still stands beside it; its inode alone does
    /// not tell, since one that an editor freed may be another text's now, and a program may have copied
    /// another text into it.
    func owner(of text: Sidecar) async throws(CatalogError) -> Owner {
        guard let file = await file(at: text.path), !text.isUntouched(file) else { return .own }
        let isSameInode = file.inode == text.inode
        if !isSameInode, let other = try await anothers(file, at: text.path) {
            return try await isGiven(file, of: other, to: text) ? .own : .other
        }
        guard let recording = try await catalog.recordings.find(text.recording) else { return .own }
        guard let place = try await audioPath(of: text, recording) else { return isSameInode ? .own : .other }
        let isExpected = recording.audio == .present && recording.path == place
        guard let audio = await self.file(at: place) else {
            return isSameInode || !isExpected ? .own : .unknown
        }
        if isAudio(audio, of: recording) { return .own }
        guard !isExpected, let holders = try await recordings(with: audio, at: place) else { return .unknown }
        for other in holders where other.id != recording.id {
            if try await isText(of: other, at: text.path, registeredFor: recording.id, isSameInode) {
                return .other
            }
        }
        return .own
    }

    /// The text, registered at another path, that a file at this one is; nil where it is none.
    func anothers(_ file: FileIdentity, at path: InboxPath) async throws(CatalogError) -> Sidecar? {
        for text in try await catalog.sidecars.transcripts(of: path.user, inode: file.inode)
        where text.path != path && text.isUntouched(file) {
            // With two names it was linked, not moved.
            if await self.file(at: text.path)?.inode != file.inode { return text }
        }
        return nil
    }

    /// Whether a person gave one recording's text to another: both recordings are where they were, and it has
    /// stayed beside the other.
    private func isGiven(
        _ file: FileIdentity, of other: Sidecar, to text: Sidecar
    ) async throws(CatalogError) -> Bool {
        guard wallClock() - Self.longestMove >= file.changed else { return false }
        for sidecar in [other, text] {
            guard let recording = try await catalog.recordings.find(sidecar.recording),
                recording.audio == .present, let audio = await self.file(at: recording.path),
                isAudio(audio, of: recording), try await !catalog.moves.isMoving(recording.id),
                SidecarName.candidates(for: recording.path, kind: .transcript).contains(sidecar.path)
            else { return false }
        }
        return true
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

    /// Whether a file is a recording's audio in its recorded state, or with an addition that is refused.
    private func isAudio(_ file: FileIdentity, of recording: Recording) -> Bool {
        let known = recording.identity
        if known.isSameFile(as: file) { return true }
        return recording.hasRefusedGrowth && known.inode == file.inode && known.size < file.size
    }

    /// The recordings that have a file as their audio; nil where that file has not been looked at yet.
    private func recordings(
        with audio: FileIdentity, at place: InboxPath
    ) async throws(CatalogError) -> [Recording]? {
        let known = try await catalog.moves.recordings(with: audio, in: place.user)
        if !known.isEmpty { return known }
        // Refused, or waiting for room in a quota.
        guard let current = try await catalog.recordings.current(place), isAudio(audio, of: current) else {
            return nil
        }
        return [current]
    }

    /// Whether the file at a path is the text of the recording beside it, moved or copied there, and not that
    /// of `id`, which is registered there.
    /// - Parameter isSameInode: whether the file has the inode of the registered text.
    private func isText(
        of other: Recording, at path: InboxPath, registeredFor id: RecordingID, _ isSameInode: Bool
    ) async throws(CatalogError) -> Bool {
        for text in try await catalog.sidecars.owned(of: other.id) where text.kind == .transcript {
            // It lacks its text.
            guard let file = await file(at: text.path) else { return true }
            if try await holdsWords(of: text, path) { return true }
            if text.isUntouched(file) { continue }
            guard isSameInode, file.inode == text.inode else { return true }
            // Both may have been edited in place.
            if try await isBesideRecording(id, text) { return true }
        }
        return false
    }

    /// Whether a file holds the words that another file of Kotib's had.
    private func holdsWords(of text: Sidecar, _ path: InboxPath) async throws(CatalogError) -> Bool {
        guard let words = text.words else { return false }
        let files = store.files
        return await BlockingWork.run {
            SavedText.existing(at: path, files).map { SidecarText.hash($0.text) } == words
        }
    }

    /// Whether a text stands beside a recording's audio, or beside audio that has not been looked at yet.
    private func isBesideRecording(_ id: RecordingID, _ text: Sidecar) async throws(CatalogError) -> Bool {
        guard let place = SidecarName.recording(ofText: text.path), let audio = await file(at: place) else {
            return false
        }
        guard let holders = try await recordings(with: audio, at: place) else { return true }
        return holders.contains { $0.id == id }
    }
}
