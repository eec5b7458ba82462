import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// The steps of one recording's audio from the inbox into the archive. They block on the disk.
struct ArchiveDisk: Sendable {
    let inbox: any FileSystem
    let archive: any FileSystem
    let recording: Recording

    private var path: InboxPath { recording.path }

    enum Look: Hashable, Sendable {
        case ready
        case missing
        /// Something else is there, or the file is not as it was recorded.
        case other(FileStatus)
        /// Somebody writes to it, or keeps others from it.
        case busy
    }

    func look() throws(ArchiveFault) -> Look {
        let inbox = inbox
        return try ofRecording { () throws(FileError) in
            guard let status = try inbox.examine(path) else { return .missing }
            guard status.identity == recording.identity else { return .other(status) }
            do throws(FileError) {
                let file = try inbox.openForReading(path).file
                return WriterCheck(file) == .writing ? .busy : .ready
            } catch {
                switch error.code {
                case EAGAIN: return .busy
                // Who may not read it may be allowed to rename it all the same.
                case EACCES, EPERM: return .ready
                default: throw error
                }
            }
        }
    }

    /// A name for it in the archive that nothing has, in a folder that is there.
    func freePlace() throws(ArchiveFault) -> InboxPath {
        let folder = try folder(path.parent)
        for number in 1...ArchiveName.most {
            let name = ArchiveName.bytes(path.name, number)
            let isFree = try ofArchive { () throws(FileError) in try archive.examine(name, in: folder) == nil
            }
            if isFree, let place = path.sibling(name) { return place }
        }
        throw .recording(.occupied(path: path.text))
    }

    enum Passage: Hashable, Sendable {
        /// It is in the archive, and survives a power cut there.
        case done(FileIdentity)
        /// Something has got the name in the archive.
        case taken
        case otherDisk
        /// It is not at its path any more, or not as it was: nothing has changed.
        case notThere
    }

    /// On the same file system, in one step.
    func rename(to place: InboxPath) throws(ArchiveFault) -> Passage {
        let (inbox, archive, path) = (inbox, archive, path)
        let new = try folder(place.parent)
        let old = try ofRecording { () throws(FileError) in try inbox.openFolder(path.parent) }
        do throws(FileError) {
            try inbox.move(path.name, from: old, to: place.name, in: new)
        } catch {
            switch error.code {
            case EXDEV: return .otherDisk
            case EEXIST: return .taken
            case ENOENT: return .notThere
            default: throw ArchiveFault(error)
            }
        }
        let status = try ofArchive { () throws(FileError) in try archive.examine(place.name, in: new) }
        guard let status, status.kind == .regular,
            status.identity.isSameContent(as: recording.identity)
        else {
            // Somebody put another file there since it was looked at.
            try? inbox.move(place.name, from: new, to: path.name, in: old)
            return .notThere
        }
        try ofArchive { () throws(FileError) in try archive.synchronize(new) }
        try ofRecording { () throws(FileError) in try inbox.synchronize(old) }
        return .done(status.identity)
    }

    /// Deletes the audio in the inbox, of which there is a copy in the archive, if it is still as it was recorded.
    /// - Returns: whether it is not at its path any more.
    func removeOriginal() throws(ArchiveFault) -> Bool {
        let (inbox, path, identity) = (inbox, path, recording.identity)
        return try ofRecording { () throws(FileError) in
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

    func ofArchive<Value>(_ step: () throws(FileError) -> Value) throws(ArchiveFault) -> Value {
        do throws(FileError) { return try step() } catch { throw ArchiveFault(error) }
    }

    func ofRecording<Value>(_ step: () throws(FileError) -> Value) throws(ArchiveFault) -> Value {
        do throws(FileError) { return try step() } catch { throw .recording(error) }
    }
}
