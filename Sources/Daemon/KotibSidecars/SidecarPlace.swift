import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// One name beside a recording, at which a file is written or removed. Its calls may block on the disk.
struct SidecarPlace: Sendable {
    let files: any FileSystem
    let path: InboxPath
    /// The file that Kotib wrote there before; nil where it did not.
    let owned: Sidecar?
    /// The recording that the file is about: no more people may read the file than the recording.
    var recording: InboxPath?
    /// The hash of the words in the content (``Sidecar/words``).
    var words: [UInt8]?
    /// The file holds a person's words about a recording that lay there before, and is not overwritten.
    var isKept = false
    /// The recording is gone: a file that stands beside its place is updated, and no new one is created.
    var isOnlyUpdated = false

    /// The recording that should be there, and its device.
    var beside: (path: InboxPath, device: UInt64)?

    enum Outcome: Sendable {
        case written(FileIdentity)
        /// A person's file is there.
        case occupied
        /// A person has saved it since: their words are recorded first.
        case beingEdited(FileIdentity)
        /// Nothing is there, and no file is to be created.
        case absent
        /// The folder was removed.
        case folderGone
        /// The recording's file system is not mounted: a text in the empty mount point would not be beside it
        /// later.
        case unreachable
        /// A program has it open for writing.
        case heldOpen
    }

    enum WriteCheck: Sendable {
        /// There is nothing to write.
        case done(Outcome)
        /// It may be written, replacing this file of Kotib's own.
        case free(FileStatus?)
    }

    /// Whether `content` may be written there: the name is free, Kotib's own file is unchanged, or the file
    /// already has these bytes because somebody restored it.
    func checkWritable(for content: [UInt8]) throws(FileError) -> WriteCheck {
        do throws(FileError) {
            if try isUnreachable() { return .done(.unreachable) }
            let old = try files.examine(path)
            if old == nil, isOnlyUpdated { return .done(.absent) }
            if old != nil, isKept { return .done(.occupied) }
            if let old, try holds(content, old) { return .done(.written(old.identity)) }
            if let old, let owned, owned.isUntouched(old.identity), let words, owned.words == words {
                // The same words with other line ends stay.
                return .done(.written(old.identity))
            }
            if let old, !(owned?.isUntouched(old.identity) ?? false) {
                let isText = owned?.kind == .transcript && old.kind == .regular
                return .done(isText ? .beingEdited(old.identity) : .occupied)
            }
            return .free(old)
        } catch {
            if Self.mayMeanFolderIsGone(error), folderIsGone() { return .done(.folderGone) }
            throw error
        }
    }

    /// Writes `content` after ``checkWritable(for:)`` allowed it.
    func write(_ content: [UInt8], replacing old: FileStatus?) throws(FileError) -> Outcome {
        do throws(FileError) {
            let new = try AtomicFile(files).write(
                content, at: path, replacing: old?.identity, model: model())
            return .written(new.identity)
        } catch .occupied {
            return .occupied
        } catch .heldOpen {
            return .heldOpen
        } catch {
            if Self.mayMeanFolderIsGone(error), folderIsGone() { return .folderGone }
            throw error
        }
    }

    private func isUnreachable() throws(FileError) -> Bool {
        guard let beside, try files.examine(beside.path) == nil else { return false }
        return try files.status(of: files.openFolder(beside.path.parent)).identity.device != beside.device
    }

    /// The recording; where it is gone, the old file.
    private func model() throws(FileError) -> AccessModel {
        guard let recording else { return .everybody }
        if let model = try model(at: recording) { return model }
        return try model(at: path) ?? .nobody
    }

    /// Nil where no file is there.
    private func model(at path: InboxPath) throws(FileError) -> AccessModel? {
        do throws(FileError) {
            let opened = try files.openForReading(path)
            return AccessModel(opened.file, opened.status)
        } catch .notRegular {
            return nil
        } catch {
            switch error.code {
            case ENOENT: return nil
            case EACCES, EPERM: return .nobody
            default: throw error
            }
        }
    }

    /// Checked again, because a file that is deleted between two steps gives the same error.
    private func folderIsGone() -> Bool {
        do throws(FileError) {
            _ = try files.openFolder(path.parent)
            return false
        } catch {
            return Self.mayMeanFolderIsGone(error)
        }
    }

    enum RemovalOutcome: Sendable { case removed, stays, absent }

    /// Removes Kotib's own file. An edited one stays, for it is a person's now.
    /// - Throws: ``FileError/heldOpen(path:)``.
    func clear() throws(FileError) -> RemovalOutcome {
        guard let owned, let status = try files.examine(path) else { return .absent }
        guard owned.isUntouched(status.identity) else { return .stays }
        let isRemoved = try AtomicFile(files).remove(path, ifStill: status.identity, sparesWriters: true)
        return isRemoved ? .removed : .stays
    }

    private func holds(_ content: [UInt8], _ status: FileStatus) throws(FileError) -> Bool {
        guard status.kind == .regular, status.identity.size == content.count else { return false }
        let file: OpenFile
        do throws(FileError) {
            file = try files.openForReading(path).file
        } catch {
            // Kotib can read every file that it wrote.
            if error.code == EACCES { return false }
            throw error
        }
        do throws(SystemError) {
            return try file.read(upTo: content.count + 1) == content
        } catch {
            throw .system(error)
        }
    }

    /// Whether opening a folder fails with this (errno(3)) after it was removed, or replaced by a link or a
    /// file.
    static func mayMeanFolderIsGone(_ error: FileError) -> Bool {
        [ENOENT, ENOTDIR, ELOOP].contains(error.code)
    }
}
