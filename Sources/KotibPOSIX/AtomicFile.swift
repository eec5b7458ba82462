import Glibc
import KotibModel

/// Files that appear beside a recording whole or not at all, and never in the place of somebody else's.
///
/// Names that this makes, all ignored by the watcher:
/// - `.kotib-<random>.tmp`: being written. Left by a crash it may be deleted at any time.
/// - `.kotib-<inode>-<random>.swap`: the file with this inode may be deleted. Under such a name a file takes
///   its old one's place, so that a crash in between leaves a file of another inode there, which may be a
///   stranger's: that one is kept.
public struct AtomicFile: Sendable {
    /// What all names begin with that are not meant for people.
    public static let prefix = Array(".kotib-".utf8)
    static let temporarySuffix = Array(".tmp".utf8)
    static let swapSuffix = Array(".swap".utf8)

    let fileSystem: any FileSystem
    let random: @Sendable () -> UInt64

    public init(
        _ fileSystem: any FileSystem, random: @escaping @Sendable () -> UInt64 = { .random(in: 0...(.max)) }
    ) {
        self.fileSystem = fileSystem
        self.random = random
    }

    /// Writes a file that survives a power cut from the moment this returns.
    ///
    /// Its owner and group are the folder's, where the daemon may give files away; its mode is 0600, plus what
    /// the folder lets its group do (read, write) and others (read only), so that who can work in the folder
    /// can work with the file; but the group and others get nothing where `readers` gives them no reading.
    ///
    /// - Parameter readers: the permissions of the file that this one tells of: words are no more public than the
    ///   recording.
    /// - Parameter old: the file of ours that it replaces. If that one is gone, the new file takes the name; if
    ///   something else has the name or it was written to, nothing is changed.
    /// - Returns: the status of what stands there now.
    /// - Throws: ``FileError/occupied(path:)`` where a stranger's file has the name. After any error the folder
    ///   is as it was.
    public func write(
        _ bytes: [UInt8], at path: InboxPath, replacing old: FileIdentity? = nil, readers: UInt16 = 0o777
    ) throws(FileError) -> FileStatus {
        let folder = try fileSystem.openFolder(path.parent)
        let temporary = try prepare(bytes, in: folder, readers: readers)
        guard let old else { return try place(temporary, at: path, in: folder) }
        return try replace(old, at: path, with: temporary, in: folder)
    }

    /// Deletes a file of ours, if it is still as `identity` says (but for ctime).
    /// - Returns: false where it is gone or is not that file any more; then nothing is changed.
    @discardableResult
    public func remove(_ path: InboxPath, ifStill identity: FileIdentity) throws(FileError) -> Bool {
        let folder = try fileSystem.openFolder(path.parent)
        guard try isStill(identity, path.name, in: folder) else { return false }
        let swap = swapName(identity.inode)
        // Taken aside first: between looking and deleting, somebody else's file may have got the name.
        do throws(FileError) {
            try fileSystem.rename(path.name, to: swap, in: folder, .keep)
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
        do throws(FileError) {
            if try isStill(identity, swap, in: folder) {
                try fileSystem.unlink(swap, in: folder)
                try fileSystem.synchronize(folder)
                return true
            }
        } catch {
            try? fileSystem.rename(swap, to: path.name, in: folder, .keep)
            throw error
        }
        try fileSystem.rename(swap, to: path.name, in: folder, .keep)
        return false
    }
}

extension AtomicFile {
    /// A file that is complete and durable but for its name.
    private struct Temporary {
        var name: [UInt8]
        var file: OpenFile
        var inode: UInt64
    }

    private func prepare(
        _ bytes: [UInt8], in folder: OpenFile, readers: UInt16
    ) throws(FileError) -> Temporary {
        let name = Self.prefix + hex(random()) + Self.temporarySuffix
        let file = try fileSystem.create(name, in: folder)
        do throws(FileError) {
            try fileSystem.write(bytes, to: file)
            try share(file, like: fileSystem.status(of: folder), readers: readers)
            try fileSystem.synchronize(file)
            let inode = try fileSystem.status(of: file).identity.inode
            return Temporary(name: name, file: file, inode: inode)
        } catch {
            discard(name, in: folder)
            throw error
        }
    }

    /// Gives a new file the owner, group and permissions that ``write(_:at:replacing:readers:)`` tells of.
    func share(
        _ file: OpenFile, like folder: FileStatus, readers: UInt16
    ) throws(FileError) {
        do throws(FileError) {
            try fileSystem.setOwner(folder.owner, group: folder.group, of: file)
        } catch {
            // Only root may give a file away (chown(2)); a member of the group may still pass it on.
            guard error.code == EPERM else { throw error }
            do throws(FileError) {
                try fileSystem.setOwner(nil, group: folder.group, of: file)
            } catch {
                guard error.code == EPERM else { throw error }
            }
        }
        let group: UInt16 = readers & 0o040 == 0 ? 0 : 0o060
        let others: UInt16 = readers & 0o004 == 0 ? 0 : 0o004
        try fileSystem.setPermissions(0o600 | (folder.permissions & (group | others)), of: file)
    }

    private func place(
        _ new: Temporary, at path: InboxPath, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        do throws(FileError) {
            try fileSystem.rename(new.name, to: path.name, in: folder, .keep)
        } catch {
            discard(new.name, in: folder)
            throw error.code == EEXIST ? .occupied(path: path.text) : error
        }
        do throws(FileError) {
            let status = try fileSystem.status(of: new.file)
            try fileSystem.synchronize(folder)
            return status
        } catch {
            // Not durable is not done: taken back, so that a retry does not find its own file in the way.
            takeBack(path.name, inode: new.inode, in: folder)
            throw error
        }
    }

    private func replace(
        _ old: FileIdentity, at path: InboxPath, with new: Temporary, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        var new = new
        do throws(FileError) {
            guard let standing = try fileSystem.examine(path.name, in: folder) else {
                return try place(new, at: path, in: folder)
            }
            guard standing.identity.isSameContent(as: old) else { throw .occupied(path: path.text) }
            let swap = swapName(new.inode)
            try fileSystem.rename(new.name, to: swap, in: folder, .keep)
            new.name = swap
        } catch {
            discard(new.name, in: folder)
            throw error
        }
        do throws(FileError) {
            try fileSystem.rename(new.name, to: path.name, in: folder, .exchange)
        } catch {
            switch error.code {
            case ENOENT: return try place(new, at: path, in: folder)
            case EINVAL, ENOSYS: return try overwrite(old, at: path, with: new, in: folder)
            default:
                discard(new.name, in: folder)
                throw error
            }
        }
        return try confirm(old, at: path, with: new, in: folder)
    }

    /// After the exchange, `new.name` is what stood at `path`: ours is deleted, anything else goes back.
    private func confirm(
        _ old: FileIdentity, at path: InboxPath, with new: Temporary, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        do throws(FileError) {
            guard try isStill(old, new.name, in: folder) else { throw .occupied(path: path.text) }
            let status = try fileSystem.status(of: new.file)
            try fileSystem.synchronize(folder)
            discard(new.name, in: folder)
            return status
        } catch {
            try? fileSystem.rename(new.name, to: path.name, in: folder, .exchange)
            takeBack(new.name, inode: new.inode, in: folder)
            throw error
        }
    }

    /// For file systems without RENAME_EXCHANGE (NFS, CIFS): looks, then renames over. A stranger's file that
    /// takes the name in between, microseconds, is lost there, and a failure after the rename leaves the new file.
    private func overwrite(
        _ old: FileIdentity, at path: InboxPath, with new: Temporary, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        do throws(FileError) {
            guard try isStill(old, path.name, in: folder) else { throw .occupied(path: path.text) }
            try fileSystem.rename(new.name, to: path.name, in: folder, .replace)
            try fileSystem.synchronize(folder)
            return try fileSystem.status(of: new.file)
        } catch {
            takeBack(new.name, inode: new.inode, in: folder)
            throw error
        }
    }
}

extension AtomicFile {
    private func isStill(
        _ identity: FileIdentity, _ name: [UInt8], in folder: OpenFile
    ) throws(FileError) -> Bool {
        guard let status = try fileSystem.examine(name, in: folder), status.kind == .regular else {
            return false
        }
        return status.identity.isSameContent(as: identity)
    }

    /// Best effort, twice: a passing fault must not leave litter, and what stays is found by the next scan.
    func discard(_ name: [UInt8], in folder: OpenFile) {
        if (try? fileSystem.unlink(name, in: folder)) == nil {
            try? fileSystem.unlink(name, in: folder)
        }
    }

    /// Deletes `name` only if it is the file that we made.
    func takeBack(_ name: [UInt8], inode: UInt64, in folder: OpenFile) {
        guard let status = try? fileSystem.examine(name, in: folder), status.identity.inode == inode else {
            return
        }
        discard(name, in: folder)
    }

    private func swapName(_ inode: UInt64) -> [UInt8] {
        Self.prefix + hex(inode) + [UInt8(ascii: "-")] + hex(random()) + Self.swapSuffix
    }

    func hex(_ number: UInt64) -> [UInt8] {
        Array(String(number, radix: 16).utf8)
    }
}
