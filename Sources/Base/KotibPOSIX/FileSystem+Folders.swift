import Glibc
import KotibModel

extension FileSystem {
    /// Opens a folder directly in the inbox, and makes it where it is missing: its owner's and, as far as the inbox
    /// itself is, its group's; nobody else's.
    public func ensureFolder(_ name: InboxPath) throws(FileError) -> OpenFile {
        do throws(FileError) {
            return try openFolder(name)
        } catch {
            guard error.code == ENOENT, name.depth == 1 else { throw error }
        }
        let inbox = try openFolder(nil)
        do throws(FileError) {
            try makeFolder(name.bytes, in: inbox)
        } catch {
            guard error.code == EEXIST else { throw error }
            return try openFolder(name)
        }
        let folder = try openFolder(name)
        let like = try status(of: inbox)
        do throws(FileError) {
            try setOwner(like.owner, group: like.group, of: folder)
        } catch {
            // Only root may give a folder away (chown(2)).
            guard error.code == EPERM else { throw error }
        }
        try setPermissions(0o700 | (like.permissions & 0o2070), of: folder)
        try synchronize(inbox)
        return folder
    }
}
