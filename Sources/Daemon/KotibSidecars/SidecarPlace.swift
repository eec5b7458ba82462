import Glibc
import KotibCatalog
import KotibModel
import KotibPOSIX

/// One name beside a recording, and what may be done to it. Its calls may block on the disk.
struct SidecarPlace: Sendable {
    let files: any FileSystem
    let path: InboxPath
    /// What Kotib wrote there before, where it did.
    let owned: Sidecar?
    /// What the file tells of: it is not readable to more people than that.
    var recording: InboxPath?
    /// What the words in `content` are (``Sidecar/words``).
    var words: [UInt8]?
    /// A person's words about a recording that lay there before: they are not written over.
    var isKept = false
    /// The recording is not there: what stands beside its place is kept up to date, and nothing new is put there.
    var isOnlyUpdated = false

    /// A recording that should be there, and its device.
    var beside: (path: InboxPath, device: UInt64)?

    enum Outcome: Sendable {
        case written(FileIdentity)
        /// A person's file is there.
        case occupied
        /// A person has saved it as it is now: their words are to be taken in first.
        case beingEdited(FileIdentity)
        /// Nothing is there, and nothing is to be.
        case absent
        /// There is no folder to write into any more.
        case folderGone
        /// The recording's file system is not mounted: a text in the bare folder would not be beside it later.
        case away
        /// A program has it open for writing.
        case heldOpen
    }

    enum Look: Sendable {
        /// There is nothing to write.
        case done(Outcome)
        /// It is to be written, in the place of this file of Kotib's own.
        case free(FileStatus?)
    }

    /// Whether `content` may be put there: where the name is free, where Kotib's own untouched file is, or where the
    /// very bytes already are, since somebody put them back.
    func look(for content: [UInt8]) throws(FileError) -> Look {
        do throws(FileError) {
            if try isAway() { return .done(.away) }
            let old = try files.examine(path)
            if old == nil, isOnlyUpdated { return .done(.absent) }
            if old != nil, isKept { return .done(.occupied) }
            if let old, try holds(content, old) { return .done(.written(old.identity)) }
            if let old, let owned, owned.isUntouched(old.identity), let words, owned.words == words {
                // A person's own line ends stay.
                return .done(.written(old.identity))
            }
            if let old, !(owned?.isUntouched(old.identity) ?? false) {
                let isText = owned?.kind == .transcript && old.kind == .regular
                return .done(isText ? .beingEdited(old.identity) : .occupied)
            }
            return .free(old)
        } catch {
            if Self.mayMeanThatTheFolderIsGone(error), folderIsGone() { return .done(.folderGone) }
            throw error
        }
    }

    /// Puts `content` where ``look(for:)`` found that it may be.
    func write(_ content: [UInt8], replacing old: FileStatus?) throws(FileError) -> Outcome {
        do throws(FileError) {
            let new = try AtomicFile(files).write(
                content, at: path, replacing: old?.identity, readers: readers(old))
            return .written(new.identity)
        } catch .occupied {
            return .occupied
        } catch .heldOpen {
            return .heldOpen
        } catch {
            if Self.mayMeanThatTheFolderIsGone(error), folderIsGone() { return .folderGone }
            throw error
        }
    }

    private func isAway() throws(FileError) -> Bool {
        guard let beside, try files.examine(beside.path) == nil else { return false }
        return try files.status(of: files.openFolder(beside.path.parent)).identity.device != beside.device
    }

    /// Where the recording is not there to ask, the words are no more public than they were.
    private func readers(_ old: FileStatus?) throws(FileError) -> UInt16 {
        guard let recording else { return 0o777 }
        return try files.examine(recording)?.permissions ?? old?.permissions ?? 0o600
    }

    /// Asked once more, because a file that somebody deletes between two steps gives the same error.
    private func folderIsGone() -> Bool {
        do throws(FileError) {
            _ = try files.openFolder(path.parent)
            return false
        } catch {
            return Self.mayMeanThatTheFolderIsGone(error)
        }
    }

    enum Clearing: Sendable { case removed, stays, absent }

    /// Removes Kotib's own file; an edited one is a person's now and stays.
    /// - Throws: ``FileError/heldOpen(path:)``.
    func clear() throws(FileError) -> Clearing {
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
            // What Kotib may not read it has not written.
            if error.code == EACCES { return false }
            throw error
        }
        do throws(SystemError) {
            return try file.read(upTo: content.count + 1) == content
        } catch {
            throw .system(error)
        }
    }

    /// What opening the folder says (errno(3)) when it was removed, or when a link or file took its place.
    static func mayMeanThatTheFolderIsGone(_ error: FileError) -> Bool {
        [ENOENT, ENOTDIR, ELOOP].contains(error.code)
    }
}
