import Glibc
import KotibModel

/// Files that appear beside a recording whole or not at all, and never in the place of somebody else's.
///
/// Names that this makes, all ignored by the watcher:
/// - `.kotib-<random>.tmp`: being written. Left by a crash it may be deleted at any time.
/// - `.kotib-<file>-…-<random>.swap`: each of these files may be deleted, `<file>` being inode, size and
///   mtime in hexadecimal digits with dots between (`<inode>` alone in versions before 0.4). Under such a
///   name a file takes its old one's place, and an old one waits for its end. A crash in between may leave
///   another file there, which is a stranger's or was written to in that instant: that one is kept.
public struct AtomicFile: Sendable {
    /// The prefix of all names that are not meant for people.
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
    /// Its owner and group are the folder's, where the daemon may give files away; its mode is 0600, plus
    /// what the folder lets its group do (read, write) and others (read only), so that who can work in the
    /// folder can work with the file; but the group and others get nothing where `model` is not for them to
    /// read.
    ///
    /// - Parameter model: the file that this one tells of: words are no more public than the recording.
    /// - Parameter old: the file of ours that it replaces. If that one is gone, the new file takes the name;
    ///   if something else has the name or it was written to, nothing is changed.
    /// - Returns: the status of what stands there now.
    /// - Throws: ``FileError/occupied(path:)`` where a stranger's file has the name;
    ///   ``FileError/heldOpen(path:)`` where a program has the old one open for writing, and the kernel
    ///   tells. After any error the folder is as it was.
    public func write(
        _ bytes: [UInt8], at path: InboxPath, replacing old: FileIdentity? = nil,
        model: AccessModel = .everybody
    ) throws(FileError) -> FileStatus {
        let folder = try fileSystem.openFolder(path.parent)
        if old != nil { try spareWriter(of: path.name, in: folder, path) }
        let temporary = try prepare(bytes, in: folder, model)
        guard let old else { return try place(temporary, at: path, in: folder) }
        return try replace(old, at: path, with: temporary, in: folder)
    }

    /// Deletes a file of ours, if it is still the one of `identity` (ctime apart).
    /// - Parameter sparesWriters: keeps the file while a program has it open for writing, as far as the
    ///   kernel tells.
    /// - Returns: false where it is gone or another file; then nothing is changed.
    /// - Throws: ``FileError/heldOpen(path:)``.
    @discardableResult
    public func remove(
        _ path: InboxPath, ifStill identity: FileIdentity, sparesWriters: Bool = false
    ) throws(FileError) -> Bool {
        let folder = try fileSystem.openFolder(path.parent)
        guard try isStill(identity, path.name, in: folder) else { return false }
        if sparesWriters { try spareWriter(of: path.name, in: folder, path) }
        let swap = swapName([identity])
        // Taken aside first: between looking and deleting, somebody else's file may have got the name.
        do throws(FileError) {
            try fileSystem.rename(path.name, to: swap, in: folder, .keep)
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
        do throws(FileError) {
            if try isStill(identity, swap, in: folder) {
                if sparesWriters { try spareWriter(of: swap, in: folder, path) }
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
        var identity: FileIdentity
    }

    private func prepare(
        _ bytes: [UInt8], in folder: OpenFile, _ model: AccessModel
    ) throws(FileError) -> Temporary {
        let name = Self.prefix + hex(random()) + Self.temporarySuffix
        let file = try fileSystem.create(name, in: folder)
        do throws(FileError) {
            try fileSystem.write(bytes, to: file)
            try share(file, like: fileSystem.status(of: folder), model)
            try fileSystem.synchronize(file)
            return Temporary(name: name, file: file, identity: try fileSystem.status(of: file).identity)
        } catch {
            discard(name, in: folder)
            throw error
        }
    }

    /// Gives a new file the owner, group and permissions that ``write(_:at:replacing:model:)`` tells of.
    func share(
        _ file: OpenFile, like folder: FileStatus, _ model: AccessModel
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
        let readers = try model.readers(of: AccessModel(file, fileSystem.status(of: file)))
        let group: UInt16 = readers & 0o040 == 0 ? 0 : 0o060
        let others: UInt16 = readers & 0o004
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
            discardIfOurs(path.name, inode: new.identity.inode, in: folder)
            throw error
        }
    }

    private func replace(
        _ old: FileIdentity, at path: InboxPath, with new: Temporary, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        var new = new
        do throws(FileError) {
            guard let existing = try fileSystem.examine(path.name, in: folder) else {
                return try place(new, at: path, in: folder)
            }
            guard existing.identity.isSameContent(as: old) else { throw .occupied(path: path.text) }
            let swap = swapName([new.identity, existing.identity])
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

    /// After the exchange, `new.name` is the former file at `path`: Kotib's own is deleted, any other is put
    /// back. No program can open it by its name any more, so one that has it open now is detected reliably.
    private func confirm(
        _ old: FileIdentity, at path: InboxPath, with new: Temporary, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        do throws(FileError) {
            guard try isStill(old, new.name, in: folder) else { throw .occupied(path: path.text) }
            try spareWriter(of: new.name, in: folder, path)
            let status = try fileSystem.status(of: new.file)
            try fileSystem.synchronize(folder)
            discard(new.name, in: folder)
            return status
        } catch {
            try? fileSystem.rename(new.name, to: path.name, in: folder, .exchange)
            discardIfOurs(new.name, inode: new.identity.inode, in: folder)
            throw error
        }
    }

    /// For file systems without RENAME_EXCHANGE (NFS, CIFS): looks, then renames over. A stranger's file that
    /// takes the name in between, microseconds, is lost there, and a failure after the rename leaves the new
    /// file.
    private func overwrite(
        _ old: FileIdentity, at path: InboxPath, with new: Temporary, in folder: OpenFile
    ) throws(FileError) -> FileStatus {
        do throws(FileError) {
            guard try isStill(old, path.name, in: folder) else { throw .occupied(path: path.text) }
            try fileSystem.rename(new.name, to: path.name, in: folder, .replace)
            try fileSystem.synchronize(folder)
            return try fileSystem.status(of: new.file)
        } catch {
            discardIfOurs(new.name, inode: new.identity.inode, in: folder)
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
    func discardIfOurs(_ name: [UInt8], inode: UInt64, in folder: OpenFile) {
        guard let status = try? fileSystem.examine(name, in: folder), status.identity.inode == inode else {
            return
        }
        discard(name, in: folder)
    }

    private func spareWriter(
        of name: [UInt8], in folder: OpenFile, _ path: InboxPath
    ) throws(FileError) {
        if try fileSystem.writer(of: name, in: folder) == .writing { throw .heldOpen(path: path.text) }
    }

    private func swapName(_ files: [FileIdentity]) -> [UInt8] {
        let parts = files.map(Self.mark) + [hex(random())]
        return Self.prefix + parts.joined(separator: [UInt8(ascii: "-")]) + Self.swapSuffix
    }

    /// The identity in a swap name of a file that may be deleted.
    static func mark(_ file: FileIdentity) -> [UInt8] {
        let numbers = [file.inode, UInt64(bitPattern: file.size), UInt64(bitPattern: file.modified)]
        return Array(numbers.map { String($0, radix: 16) }.joined(separator: ".").utf8)
    }

    func hex(_ number: UInt64) -> [UInt8] {
        Array(String(number, radix: 16).utf8)
    }
}
