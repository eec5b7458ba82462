import Glibc
import KotibModel

/// The steps that durable work below the inbox is made of, one system call each or nearly so: tests let the
/// n-th fail.
///
/// All of them may block on the disk: never call them on Swift's cooperative threads.
public protocol FileSystem: Sendable {
    /// The status of the entry at `path`, of a link itself. Nil if there is nothing, or if a part of the
    /// path is a link or no folder.
    func examine(_ path: InboxPath) throws(FileError) -> FileStatus?
    /// Opens a regular file, and never anything else: a pipe or device is not even touched.
    /// - Throws: ``FileError/notRegular(_:)``; ENOENT; EAGAIN while somebody holds a lease on it.
    func openForReading(_ path: InboxPath) throws(FileError) -> (file: OpenFile, status: FileStatus)
    /// Opens a folder, or the inbox itself where `path` is nil.
    func openFolder(_ path: InboxPath?) throws(FileError) -> OpenFile

    func list(_ folder: OpenFile) throws(FileError) -> FolderListing
    /// The status of the entry of this name in the open folder, of a link itself. Nil if there is nothing.
    func examine(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> FileStatus?
    /// Whether anybody has the regular file of this name open for writing; nobody where there is none.
    func writer(of name: [UInt8], in folder: OpenFile) throws(FileError) -> WriterCheck
    /// Makes a new file with mode 0600, open for writing.
    /// - Throws: EEXIST.
    func create(_ name: [UInt8], in folder: OpenFile) throws(FileError) -> OpenFile
    /// Makes a new folder with mode 0700.
    /// - Throws: EEXIST.
    func makeFolder(_ name: [UInt8], in folder: OpenFile) throws(FileError)
    func rename(
        _ name: [UInt8], to newName: [UInt8], in folder: OpenFile, _ mode: RenameMode
    ) throws(FileError)
    /// Gives a file another name in another folder of the same file system.
    /// - Throws: EEXIST where that name is taken; EXDEV where it is another file system.
    func move(
        _ name: [UInt8], from folder: OpenFile, to newName: [UInt8], in newFolder: OpenFile
    ) throws(FileError)
    func unlink(_ name: [UInt8], in folder: OpenFile) throws(FileError)

    func status(of file: OpenFile) throws(FileError) -> FileStatus
    /// Writes all of `bytes` at the file's offset.
    func write(_ bytes: [UInt8], to file: OpenFile) throws(FileError)
    /// Nil leaves the owner as it is.
    func setOwner(_ owner: UInt32?, group: UInt32, of file: OpenFile) throws(FileError)
    func setPermissions(_ permissions: UInt16, of file: OpenFile) throws(FileError)
    /// - Parameter time: nanoseconds since 1970; a file system may keep less exact ones.
    func setModified(_ time: Int64, of file: OpenFile) throws(FileError)
    /// fsync(2), of a file or of a folder. After EIO a second call may succeed with the data lost: never
    /// retry, write anew.
    func synchronize(_ file: OpenFile) throws(FileError)
}

public enum RenameMode: Hashable, Sendable {
    /// Fails with EEXIST where the new name is taken (RENAME_NOREPLACE, rename(2)).
    case keep
    /// Both names must exist and change places in one step (RENAME_EXCHANGE, rename(2)).
    case exchange
    /// A file that has the new name is replaced.
    case replace
}

extension FileSystem {
    /// Opens a folder directly in the inbox, and creates it if it is missing, with the inbox's owner and
    /// group and no access for others.
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
