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

    enum Outcome: Sendable {
        case written(FileIdentity)
        /// A person's file is there.
        case occupied
        /// A person saves it just now: their words are to be taken in first.
        case beingEdited
        /// There is no folder to write into any more.
        case folderGone
    }

    /// Puts `content` there: where the name is free, where Kotib's own untouched file is, or where the very bytes
    /// already are, since a crash came between the rename and its record.
    func put(_ content: [UInt8]) throws(FileError) -> Outcome {
        do throws(FileError) {
            let old = try files.examine(path)
            if old != nil, isKept { return .occupied }
            if let old, try holds(content, old) { return .written(old.identity) }
            if let old, let owned, owned.isUntouched(old.identity), let words, owned.words == words {
                // A person's own line ends stay.
                return .written(old.identity)
            }
            if let old, !(owned?.isUntouched(old.identity) ?? false) {
                return owned?.kind == .transcript && old.kind == .regular ? .beingEdited : .occupied
            }
            let readers = try recording.flatMap { path throws(FileError) in
                try files.examine(path)?.permissions
            }
            let new = try AtomicFile(files).write(
                content, at: path, replacing: old?.identity, readers: readers ?? 0o777)
            return .written(new.identity)
        } catch .occupied {
            return .occupied
        } catch {
            if Self.mayMeanThatTheFolderIsGone(error), folderIsGone() { return .folderGone }
            throw error
        }
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

    /// Removes Kotib's own file; an edited one is a person's now and stays.
    func clear() throws(FileError) {
        guard let owned, let status = try files.examine(path), owned.isUntouched(status.identity) else {
            return
        }
        try AtomicFile(files).remove(path, ifStill: status.identity)
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
