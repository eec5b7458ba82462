import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// Moves or copies the audio of one recording from the inbox into the archive. The calls block on the disk.
struct ArchiveTransfer: Sendable {
    let recording: Recording
    let store: ArchiveStore
    private let inbox: any FileSystem
    private let archive: any FileSystem
    private let folders: ArchiveFolderMaker

    private var path: InboxPath { recording.path }

    init(of recording: Recording, from inbox: any FileSystem, to archive: any FileSystem) {
        self.recording = recording
        self.inbox = inbox
        self.archive = archive
        store = ArchiveStore(archive)
        folders = ArchiveFolderMaker(inbox: inbox, archive: archive)
    }

    /// The state of the file in the inbox.
    enum SourceState: Hashable, Sendable {
        case ready
        case missing
        /// Another file is there, or the file has changed since it was recorded.
        case changed(FileStatus)
        /// A program has it open for writing, or holds a lease on it.
        case busy
    }

    func sourceState() throws(ArchiveFault) -> SourceState {
        let inbox = inbox
        return try ArchiveFault.ofRecording { () throws(FileError) in
            guard let status = try inbox.examine(path) else { return .missing }
            guard status.identity == recording.identity else { return .changed(status) }
            do throws(FileError) {
                let file = try inbox.openForReading(path).file
                return WriterCheck(file) == .writing ? .busy : .ready
            } catch {
                switch error.code {
                case EAGAIN: return .busy
                // A file that may not be read may still be renamed.
                case EACCES, EPERM: return .ready
                default: throw error
                }
            }
        }
    }

    /// A free name for it in the archive, in an existing folder.
    func freePath() throws(ArchiveFault) -> InboxPath {
        let folder = try folders.folder(path.parent)
        for number in 1...ArchiveName.most {
            let name = ArchiveName.bytes(path.name, number)
            let isFree = try ArchiveFault.ofArchive { () throws(FileError) in
                try archive.examine(name, in: folder) == nil
            }
            if isFree, let free = path.sibling(name) { return free }
        }
        throw .recording(.occupied(path: path.text))
    }

    enum Outcome: Hashable, Sendable {
        /// The audio is in the archive, and survives a power cut there.
        case done(FileIdentity)
        /// Another file has got the name in the archive.
        case nameTaken
        case otherFileSystem
        /// The audio is no longer at its path, or has changed: nothing was done.
        case sourceChanged
    }

    /// On the same file system, in one step.
    func rename(to place: InboxPath) throws(ArchiveFault) -> Outcome {
        let (inbox, archive, path) = (inbox, archive, path)
        let new = try folders.folder(place.parent)
        let old = try ArchiveFault.ofRecording { () throws(FileError) in try inbox.openFolder(path.parent) }
        do throws(FileError) {
            try inbox.move(path.name, from: old, to: place.name, in: new)
        } catch {
            switch error.code {
            case EXDEV: return .otherFileSystem
            case EEXIST: return .nameTaken
            case ENOENT: return .sourceChanged
            default: throw ArchiveFault(error)
            }
        }
        let status = try ArchiveFault.ofArchive { () throws(FileError) in
            try archive.examine(place.name, in: new)
        }
        guard let status, status.kind == .regular,
            status.identity.isSameContent(as: recording.identity)
        else {
            // Somebody put another file there since it was looked at.
            try? inbox.move(place.name, from: new, to: path.name, in: old)
            return .sourceChanged
        }
        try ArchiveFault.ofArchive { () throws(FileError) in try archive.synchronize(new) }
        try ArchiveFault.ofRecording { () throws(FileError) in try inbox.synchronize(old) }
        return .done(status.identity)
    }

    /// Deletes the audio in the inbox after it was copied to the archive, if it is unchanged.
    /// - Returns: whether it is no longer at its path.
    func removeOriginal() throws(ArchiveFault) -> Bool {
        let (inbox, path, identity) = (inbox, path, recording.identity)
        return try ArchiveFault.ofRecording { () throws(FileError) in
            do throws(FileError) {
                if try inbox.examine(path) == nil {
                    // Removed before a crash, perhaps, and a power cut could still undo that.
                    try inbox.synchronize(inbox.openFolder(path.parent))
                    return true
                }
                if try AtomicFile(inbox).remove(path, ifStill: identity) { return true }
                return try inbox.examine(path) == nil
            } catch {
                // With its folder.
                if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return true }
                throw error
            }
        }
    }
}

/// To another file system: a copy that is read back before it counts.
extension ArchiveTransfer {
    func copy(to place: InboxPath) throws(ArchiveFault) -> Outcome {
        let (inbox, recording) = (inbox, recording)
        let source: OpenFile
        do throws(FileError) {
            let opened = try inbox.openForReading(recording.path)
            guard opened.status.identity == recording.identity else { return .sourceChanged }
            source = opened.file
        } catch .notRegular {
            return .sourceChanged
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.code) { return .sourceChanged }
            throw .recording(error)
        }
        try checkOriginalMayGo()
        let folder = try folders.folder(place.parent)
        try checkRoom(folder)
        let new = try ArchiveFault.ofArchive { () throws(FileError) in
            try AtomicFile(archive).begin(in: folder)
        }
        do throws(ArchiveFault) {
            try fill(new.file, from: source)
            try folders.share(new.file, like: source, adding: 0o400)
            try synchronize(new.file)
            guard let written = place.sibling(new.name), try store.verified(written, of: recording) != nil
            else {
                throw try fault(of: source)
            }
            let still = try ArchiveFault.ofRecording { () throws(FileError) in
                try inbox.status(of: source).identity
            }
            guard still == recording.identity else {
                AtomicFile(archive).discard(new)
                return .sourceChanged
            }
            return try name(new, place)
        } catch {
            AtomicFile(archive).discard(new)
            throw error
        }
    }

    /// The cause of a copy that differs from what was transcribed: the original does, or the archive's disk
    /// fails.
    private func fault(of source: OpenFile) throws(ArchiveFault) -> ArchiveFault {
        let isTrue = try ArchiveFault.ofRecording { () throws(FileError) in
            try ArchiveStore.sha256(of: source) == recording.facts?.sha256
        }
        guard isTrue else { return .mismatch }
        return .archive(
            .system(SystemError(code: EIO, operation: "read what was written", path: recording.path.text)))
    }

    /// Nothing is copied that could not be removed then.
    private func checkOriginalMayGo() throws(ArchiveFault) {
        let (inbox, path) = (inbox, recording.path)
        try ArchiveFault.ofRecording { () throws(FileError) in
            let folder = try inbox.openFolder(path.parent)
            do throws(SystemError) { try folder.checkNamesMayChange() } catch { throw .system(error) }
        }
    }

    /// Not begun where it cannot end. Some file systems do not tell how much room there is.
    private func checkRoom(_ folder: OpenFile) throws(ArchiveFault) {
        guard let free = (try? FileSystemInfo(of: folder))?.freeBytes, free > 0,
            free < UInt64(clamping: recording.identity.size)
        else { return }
        throw .archive(.system(SystemError(code: ENOSPC, operation: "write", path: recording.path.text)))
    }

    private func fill(_ new: OpenFile, from source: OpenFile) throws(ArchiveFault) {
        let archive = archive
        var offset: Int64 = 0
        while true {
            let bytes: [UInt8]
            do throws(SystemError) {
                bytes = try source.read(upTo: ArchiveStore.piece, from: offset)
            } catch {
                throw .recording(.system(error))
            }
            if bytes.isEmpty { return }
            try ArchiveFault.ofArchive { () throws(FileError) in try archive.write(bytes, to: new) }
            offset += Int64(bytes.count)
        }
    }

    private func synchronize(_ new: OpenFile) throws(ArchiveFault) {
        let (archive, modified) = (archive, recording.identity.modified)
        try ArchiveFault.ofArchive { () throws(FileError) in
            try archive.setModified(modified, of: new)
            try archive.synchronize(new)
        }
    }

    private func name(_ new: UnfinishedFile, _ place: InboxPath) throws(ArchiveFault) -> Outcome {
        do throws(FileError) {
            return .done(try AtomicFile(archive).place(new, as: place.name).identity)
        } catch .occupied {
            AtomicFile(archive).discard(new)
            return .nameTaken
        } catch {
            throw ArchiveFault(error)
        }
    }
}
