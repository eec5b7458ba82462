import Glibc
import KotibModel
import KotibPOSIX

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
