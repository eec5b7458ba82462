import Glibc
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibSidecars
import KotibTranscription
import KotibWatch
import Logging

/// Removes the files of one recording that is being deleted, and then its row. The caller holds the lock of
/// its path.
struct DeletionFileRemoval {
    private let deletion: Deletion
    private let files: any FileSystem
    private let catalog: Catalog
    private let queue: TranscriptionQueue
    private let sidecars: Sidecars
    private let mounts: MountHistory
    private let archive: (any ArchivedAudioRemover)?
    private let board: IssueBoard
    private let logger: Logger
    /// Whether nothing has been removed yet.
    private var isUnchanged = true
    /// Whether another file has the recording's name: a new file of its text's name may be that one's.
    private var isNameTaken = false
    /// A file that is unreachable now.
    private var waiting: FileNotRemoved?
    /// The numbers of the device that the files lie on.
    private var devices: Set<UInt64>

    /// More often no sidecar is written anew while a recording goes.
    private static let rounds = 10

    init(
        of deletion: Deletion, files: any FileSystem, catalog: Catalog, queue: TranscriptionQueue,
        sidecars: Sidecars, mounts: MountHistory, archive: (any ArchivedAudioRemover)?, board: IssueBoard,
        logger: Logger
    ) {
        self.deletion = deletion
        self.files = files
        self.catalog = catalog
        self.queue = queue
        self.sidecars = sidecars
        self.mounts = mounts
        self.archive = archive
        self.board = board
        self.logger = logger
        devices = [deletion.recording.identity.device]
    }

    mutating func removeAll(foundAt path: InboxPath) async throws {
        let id = deletion.recording.id
        // Done by somebody else, or taken back: what can be seen is not being deleted.
        guard let recording = try await catalog.recordings.find(id),
            try await catalog.recordings.find(id, in: .everyone) == nil
        else { return }
        try await sidecars.intents.recover(of: id)
        try await removeAudio(of: recording, foundAt: path)
        for _ in 1...Self.rounds {
            for sidecar in try await catalog.sidecars.owned(of: id) {
                try await remove(sidecar, foundBeside: path)
            }
            if let waiting { throw waiting }
            if try await catalog.deletions.finish(of: id) {
                // One that was being claimed as its deletion was decided.
                await queue.cancel(id)
                return logger.info(
                    "recording deleted", metadata: ["recording": "\(id)", "file": "\(recording.path)"])
            }
        }
    }

    private mutating func removeAudio(of recording: Recording, foundAt path: InboxPath) async throws {
        let archived = try await catalog.archive.find(recording.id)
        // An archived file is not in the inbox. One that seems to be gone may be in a folder that is renamed
        // for a moment. A replaced one lies nowhere, unless the other lay in the bare folder below a mount.
        let isElsewhere = archived != nil && recording.audio != .present
        let isHidden = try await mounts.hides(path)
        if !isElsewhere {
            var outcome = try await remove(path, ifStill: recording.identity)
            if outcome == .occupied, let copy = try await findCopy(of: recording, at: path) {
                outcome = try await remove(path, ifStill: copy)
            }
            isNameTaken = outcome == .occupied
            let isMissing = outcome == .absent && recording.audio != .replaced
            if isMissing || (isHidden && [.absent, .occupied].contains(outcome)) {
                try await waitIfUnreachable(path, recording.identity.device)
            }
        }
        guard let archived else { return }
        do throws(FileNotRemoved) {
            try await removeArchived(archived, of: recording)
            isUnchanged = false
        } catch {
            guard error.waitsFor != nil else { throw error }
            waiting = error
        }
    }

    /// The file at a recording's own path that has its content although inode or time differ, as after a copy
    /// to another disk or a restored backup.
    private func findCopy(
        of recording: Recording, at path: InboxPath
    ) async throws(FileNotRemoved) -> FileIdentity? {
        guard path == recording.path, recording.isCurrent, let facts = recording.facts else { return nil }
        let (files, size) = (files, recording.identity.size)
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) -> FileIdentity? in
                guard let status = try files.examine(path), status.kind == .regular,
                    status.identity.size == size
                else { return nil }
                let (file, opened) = try files.openForReading(path)
                guard try ContentHash.sha256(of: file) == facts.sha256 else { return nil }
                return opened.identity
            }
        } catch {
            if Self.hasNoFolder(error) || error.code == EACCES { return nil }
            throw FileNotRemoved(file: path, cause: error, isUnchanged: isUnchanged)
        }
    }

    private func removeArchived(
        _ audio: ArchivedAudio, of recording: Recording
    ) async throws(FileNotRemoved) {
        let archiveIsAway = FileNotRemoved(
            file: audio.path, cause: .unreachable(path: audio.path.text), isUnchanged: false,
            waitsFor: .archive)
        guard let archive else { throw archiveIsAway }
        do throws(FileError) {
            let isThere = try await BlockingWork.run { () throws(FileError) in
                try archive.remove(audio, of: recording)
            }
            if isThere { return }
        } catch {
            // A fault in the middle may have left the file without its name.
            let isStillThere = await BlockingWork.run { archive.mayHold(audio) }
            throw FileNotRemoved(file: audio.path, cause: error, isUnchanged: isUnchanged && isStillThere)
        }
        throw archiveIsAway
    }

    private mutating func remove(_ sidecar: Sidecar, foundBeside path: InboxPath) async throws {
        // A person's changes of the transcript are the recording's words and go with it, unless it is perhaps
        // the text of another recording that was moved here. Any other text that a person has changed is
        // theirs.
        let (place, status) = try await find(sidecar, beside: path)
        if status?.identity.inode != sidecar.inode, try await mounts.hides(place) {
            try await waitIfUnreachable(place, sidecar.device)
            return
        }
        if let status, !sidecar.isUntouched(status.identity),
            sidecar.kind != .transcript || (isNameTaken && status.identity.inode != sidecar.inode)
        {
            return try await catalog.sidecars.removed(sidecar.path)
        }
        let identity = sidecar.kind == .transcript ? nil : status?.identity
        if try await remove(place, ifStill: identity) == .absent {
            guard try await !waitIfUnreachable(sidecar.path, sidecar.device) else { return }
        }
        try await catalog.sidecars.removed(sidecar.path)
    }

    /// The place of a text: its path, or, known by its inode, beside where the recording has turned up.
    private func find(
        _ sidecar: Sidecar, beside path: InboxPath
    ) async throws(FileNotRemoved) -> (InboxPath, FileStatus?) {
        let status = try await status(of: sidecar.path)
        guard status == nil, path != deletion.recording.path else { return (sidecar.path, status) }
        for name in SidecarName.candidates(for: path, kind: sidecar.kind) {
            if let status = try await self.status(of: name), status.identity.inode == sidecar.inode {
                return (name, status)
            }
        }
        return (sidecar.path, nil)
    }

    private func status(of path: InboxPath) async throws(FileNotRemoved) -> FileStatus? {
        let files = files
        do throws(FileError) {
            return try await BlockingWork.run { () throws(FileError) in try files.examine(path) }
        } catch {
            if Self.hasNoFolder(error) { return nil }
            throw FileNotRemoved(file: path, cause: error, isUnchanged: isUnchanged)
        }
    }
}

extension DeletionFileRemoval {
    /// Handles a file that is missing at its path: it was removed by a person, or it is unreachable and the
    /// deletion waits.
    /// - Returns: whether it waits.
    @discardableResult
    private mutating func waitIfUnreachable(_ path: InboxPath, _ device: UInt64) async throws -> Bool {
        guard let missing = try await missingLocation(of: path, device) else { return false }
        waiting = FileNotRemoved(
            file: path, cause: .unreachable(path: path.text), isUnchanged: false, waitsFor: missing)
        return true
    }

    private func missingLocation(of path: InboxPath, _ device: UInt64) async throws -> MissingLocation? {
        if board.isInboxInDoubt { return .fileSystem }
        if try await mounts.hides(path) { return .fileSystem }
        let files = files
        let place: FileReachability.Place
        do throws(FileError) {
            place = try await BlockingWork.run { () throws(FileError) in
                try FileReachability(files: files).place(of: path)
            }
        } catch {
            throw FileNotRemoved(file: path, cause: error, isUnchanged: isUnchanged)
        }
        var isThatDevice = place.device == device || devices.contains(place.device)
        if !isThatDevice {
            isThatDevice = try await catalog.deletions.hasOlder(
                than: deletion.recording.id, below: place.folder, on: place.device)
        }
        guard isThatDevice else { return .fileSystem }
        // However long that takes: it may be renamed, or on a disk that somebody took along.
        return place.folder == path.parent ? nil : .folder
    }

    private enum Outcome: Hashable, Sendable {
        /// With the device that it lay on.
        case removed(UInt64)
        /// Something else has the name.
        case occupied
        case absent
    }

    /// - Parameter identity: nil for whatever file has the name.
    private mutating func remove(
        _ path: InboxPath, ifStill identity: FileIdentity?
    ) async throws(FileNotRemoved) -> Outcome {
        guard Self.belongs(path, to: deletion) else { return .occupied }
        let files = files
        do throws(FileError) {
            let outcome = try await BlockingWork.run { () throws(FileError) in
                try Self.remove(path, ifStill: identity, files)
            }
            if case .removed(let device) = outcome {
                isUnchanged = false
                devices.insert(device)
            }
            return outcome
        } catch {
            // A fault in the middle may have left the file without its name.
            let isStillThere = await BlockingWork.run { (try? files.examine(path)) != .some(nil) }
            throw FileNotRemoved(file: path, cause: error, isUnchanged: isUnchanged && isStillThere)
        }
    }

    private static func remove(
        _ path: InboxPath, ifStill identity: FileIdentity?, _ files: any FileSystem
    ) throws(FileError) -> Outcome {
        do throws(FileError) {
            guard let status = try files.examine(path) else {
                // Removed before a crash, perhaps, and a power cut could still undo that.
                try files.synchronize(files.openFolder(path.parent))
                return .absent
            }
            guard status.kind == .regular, identity.map(status.identity.isSameFile) ?? true,
                try AtomicFile(files).remove(path, ifStill: status.identity)
            else { return .occupied }
            return .removed(status.identity.device)
        } catch {
            if hasNoFolder(error) { return .absent }
            throw error
        }
    }

    /// The folder is gone, and its files with it.
    private static func hasNoFolder(_ error: FileError) -> Bool {
        [ENOENT, ENOTDIR, ELOOP].contains(error.code)
    }

    /// Without a user it is a refused file, or its note: directly in the inbox, or in a folder that is
    /// nobody's.
    private static func belongs(_ path: InboxPath, to deletion: Deletion) -> Bool {
        let lies = deletion.recording.path
        guard let folder = deletion.folder ?? (lies.depth > 1 ? lies.user : nil) else {
            return path.depth == 1
        }
        return path.depth > 1 && path.user == folder
    }
}
