import Glibc
import KotibCatalog
import KotibIngest
import KotibModel
import KotibPOSIX

/// The folder for archived audio.
///
/// It is opened anew for each use: it may be mounted, unmounted or replaced at any time, and an open
/// descriptor would keep it from being unmounted.
package struct ArchiveFolder: Sendable {
    /// Marks a folder as an archive, as distinct from an empty mount point. Created with the first recording.
    static let marker = Array(".kotib-archive".utf8)

    /// Absolute.
    let path: String
    private let wrap: @Sendable (LocalFileSystem) -> any FileSystem

    /// - Parameter wrap: changes how the folder is seen, for tests.
    package init(
        path: String, wrap: @escaping @Sendable (LocalFileSystem) -> any FileSystem = { $0 }
    ) {
        self.path = path
        self.wrap = wrap
    }

    /// Blocks.
    /// - Throws: ENOENT if the folder is missing or has no marker.
    package func open() throws(FileError) -> any FileSystem {
        let files = try openWhateverIsThere()
        guard try files.examine(Self.marker, in: files.openFolder(nil))?.kind == .regular else {
            let name = path + "/" + String(decoding: Self.marker, as: UTF8.self)
            throw .system(SystemError(code: ENOENT, operation: "open", path: name))
        }
        return files
    }

    /// Puts the marker into the folder if it has none. Blocks.
    func begin() throws(FileError) {
        let files = try openWhateverIsThere()
        let root = try files.openFolder(nil)
        guard try files.examine(Self.marker, in: root) == nil else { return }
        try files.synchronize(files.create(Self.marker, in: root))
        try files.synchronize(root)
    }

    private func openWhateverIsThere() throws(FileError) -> any FileSystem {
        do throws(SystemError) {
            return wrap(LocalFileSystem(try InboxRoot(path: path)))
        } catch {
            throw .system(error)
        }
    }
}

extension ArchiveFolder: ArchivedAudioRemover {
    package func remove(_ audio: ArchivedAudio, of recording: Recording) throws(FileError) -> Bool {
        let files: any FileSystem
        do throws(FileError) {
            files = try open()
        } catch {
            // No such folder, or the mount point of an archive that is not mounted.
            if [ENOENT, ENOTDIR].contains(error.code) { return false }
            throw error
        }
        try ArchiveStore(files).remove(audio, of: recording)
        return true
    }

    package func mayHold(_ audio: ArchivedAudio) -> Bool {
        guard let files = try? open() else { return true }
        return (try? files.examine(audio.path)) != .some(nil)
    }
}

/// Creates folders in the archive. A new folder gives no more access than the one in the inbox after which it
/// is modelled.
struct ArchiveFolderMaker: Sendable {
    let inbox: any FileSystem
    let archive: any FileSystem

    /// A folder of the archive, made where it is missing with those above it, each like the inbox's own.
    func folder(_ path: InboxPath?) throws(ArchiveFault) -> OpenFile {
        let (inbox, archive) = (inbox, archive)
        guard let path else {
            return try ArchiveFault.ofArchive { () throws(FileError) in try archive.openFolder(nil) }
        }
        do throws(FileError) {
            return try archive.openFolder(path)
        } catch {
            guard error.code == ENOENT else { throw ArchiveFault(error) }
        }
        let parent = try folder(path.parent)
        do throws(FileError) {
            try archive.makeFolder(path.name, in: parent)
        } catch {
            // If no user's folder can be made, nothing can.
            if error.code != EEXIST { throw path.depth == 1 ? .archive(error) : ArchiveFault(error) }
        }
        let made = try ArchiveFault.ofArchive { () throws(FileError) in try archive.openFolder(path) }
        let model = try ArchiveFault.ofRecording { () throws(FileError) in try inbox.openFolder(path) }
        try share(made, like: model, adding: 0o700)
        try ArchiveFault.ofArchive { () throws(FileError) in try archive.synchronize(parent) }
        return made
    }

    /// Gives `new` owner, group and permissions of `model`. Where the daemon may not, the group that it has
    /// instead gets nothing, nor does a group whose rights an access list tells that `new` has not.
    /// - Parameter needed: what the owner needs in any case.
    func share(_ new: OpenFile, like model: OpenFile, adding needed: UInt16) throws(ArchiveFault) {
        let (inbox, archive) = (inbox, archive)
        let old = try ArchiveFault.ofRecording { () throws(FileError) in try inbox.status(of: model) }
        try ArchiveFault.ofArchive { () throws(FileError) in
            try giveAway(new, like: old)
            let own = try AccessModel(new, archive.status(of: new))
            let withheld: UInt16 = AccessModel(model, old).hasSameGroup(as: own) ? 0 : 0o070
            try archive.setPermissions(old.permissions & 0o3777 & ~withheld | needed, of: new)
        }
    }

    /// Only root may give a file away (chown(2)); a member of the group may still pass it on.
    private func giveAway(_ new: OpenFile, like old: FileStatus) throws(FileError) {
        let refusals = [EPERM, EINVAL]
        do throws(FileError) {
            return try archive.setOwner(old.owner, group: old.group, of: new)
        } catch {
            guard let code = error.code, refusals.contains(code) else { throw error }
        }
        do throws(FileError) {
            try archive.setOwner(nil, group: old.group, of: new)
        } catch {
            guard let code = error.code, refusals.contains(code) else { throw error }
        }
    }
}
