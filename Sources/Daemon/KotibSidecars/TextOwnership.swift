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

    /// Nanoseconds by which a new text may be older than the new recording beside it.
    private static let longestSaving: Int64 = 5_000_000_000

    let store: SidecarStore
    /// Nanoseconds since 1970.
    let wallClock: @Sendable () -> Int64

    private var catalog: Catalog { store.catalog }

    enum Owner: Equatable {
        /// The registered recording, whether or not a person edited the file; or no file is there.
        case own
        /// Another recording: its text was moved or copied here.
        case other
        /// The recording that has replaced the registered one: the text was saved since.
        case successor(Recording)
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
        let (isSameInode, words) = (file.inode == text.inode, await words(at: text.path))
        var isOthers = false
        if !isSameInode { isOthers = try await isAnothers(file, at: text.path) }
        if !isOthers, let words {
            if words == text.words { return .own }
            isOthers = try await isDisplaced(words, from: text)
        }
        if isOthers { return try await isGiven(file, to: text) ? .own : .other }
        guard let recording = try await catalog.recordings.find(text.recording) else { return .own }
        guard let place = try await audioPath(of: text, recording) else { return isSameInode ? .own : .other }
        let isExpected = recording.audio == .present && recording.path == place
        guard let audio = await self.file(at: place) else {
            return isSameInode || !isExpected ? .own : .unknown
        }
        if isAudio(audio, of: recording) { return .own }
        guard !isExpected, let holders = try await recordings(with: audio, at: place) else { return .unknown }
        for other in holders where other.id != recording.id {
            if try await isText(of: other, at: text, isSameInode, words) { return .other }
        }
        guard let successor = holders.first(where: { $0.id != recording.id && $0.path == place }),
            file.changed >= successor.identity.changed - Self.longestSaving,
            try await takesText(successor)
        else { return .own }
        return .successor(successor)
    }

    /// Whether the text beside a recording becomes its own: it is not refused, and has no text elsewhere.
    private func takesText(_ recording: Recording) async throws(CatalogError) -> Bool {
        guard recording.isCurrent, recording.audio == .present, recording.state != .rejected else {
            return false
        }
        let names = SidecarName.candidates(for: recording.path, kind: .transcript)
        return try await catalog.sidecars.owned(of: recording.id)
            .allSatisfy { $0.kind != .transcript || names.contains($0.path) }
    }

    /// Whether a file is a text that is registered at another path, and not there any more.
    func isAnothers(_ file: FileIdentity, at path: InboxPath) async throws(CatalogError) -> Bool {
        for text in try await catalog.sidecars.transcripts(of: path.user, inode: file.inode)
        where text.path != path && text.isUntouched(file) {
            // With two names it was linked, not moved.
            if await self.file(at: text.path)?.inode != file.inode { return true }
        }
        return false
    }

    /// Whether another recording's text had these words, and is not as it was: it was copied.
    private func isDisplaced(_ words: [UInt8], from text: Sidecar) async throws(CatalogError) -> Bool {
        for other in try await catalog.sidecars.transcripts(of: text.path.user, words: words)
        where other.recording != text.recording && !other.isRemoved {
            guard let file = await file(at: other.path), other.isUntouched(file) else { return true }
        }
        return false
    }

    /// Whether a person gave another recording's text to this one, which is where it was: it stays beside it.
    private func isGiven(_ file: FileIdentity, to text: Sidecar) async throws(CatalogError) -> Bool {
        guard wallClock() - Self.longestMove >= file.changed,
            let recording = try await catalog.recordings.find(text.recording), recording.audio == .present,
            let audio = await self.file(at: recording.path), isAudio(audio, of: recording)
        else { return false }
        guard try await !catalog.moves.isMoving(recording.id) else { return false }
        return SidecarName.candidates(for: recording.path, kind: .transcript).contains(text.path)
    }

    /// The hash of the words in a file; nil where there are none, or they may not be read.
    func words(at path: InboxPath) async -> [UInt8]? {
        let files = store.files
        return await BlockingWork.run {
            guard let text = SavedText.existing(at: path, files)?.text, !text.isEmpty else { return nil }
            return SidecarText.hash(text)
        }
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

    /// Whether the file at a text's path is the text of another recording, whose audio is beside it.
    /// - Parameters:
    ///   - isSameInode: whether the file has the text's inode.
    ///   - words: the hash of the words in it.
    private func isText(
        of other: Recording, at text: Sidecar, _ isSameInode: Bool, _ words: [UInt8]?
    ) async throws(CatalogError) -> Bool {
        for others in try await catalog.sidecars.owned(of: other.id) where others.kind == .transcript {
            // It lacks its text.
            guard let file = await file(at: others.path) else { return true }
            if let words, words == others.words { return true }
            if others.isUntouched(file) { continue }
            guard isSameInode, file.inode == others.inode else { return true }
            // Both may have been edited in place.
            if try await isBesideRecording(text.recording, others) { return true }
        }
        return false
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
