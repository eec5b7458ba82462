import Glibc
import KotibModel
import Synchronization

/// A file that is written in steps under a name that the watcher ignores, until it gets its final name.
public struct UnfinishedFile: Sendable {
    let folder: OpenFile
    public let name: [UInt8]
    /// Open for writing; ``FileSystem/write(_:to:)`` appends.
    public let file: OpenFile
}

extension AtomicFile {
    /// Names that the removal of leftovers must skip: a slow upload may be older than any leftover.
    private static let beingWritten = Mutex<Set<[UInt8]>>([])

    static func isBeingWritten(_ name: [UInt8]) -> Bool {
        beingWritten.withLock { $0.contains(name) }
    }

    /// Begins a file, to be ended by ``place(_:as:)`` or ``discard(_:)``.
    public func begin(in folder: OpenFile) throws(FileError) -> UnfinishedFile {
        let name = Self.prefix + hex(random()) + Self.temporarySuffix
        _ = Self.beingWritten.withLock { $0.insert(name) }
        do throws(FileError) {
            return UnfinishedFile(
                folder: folder, name: name, file: try fileSystem.create(name, in: folder))
        } catch {
            forget(name)
            throw error
        }
    }

    /// Nothing more is written: the bytes survive a power cut. Nobody else may open the file yet.
    public func complete(_ new: UnfinishedFile) throws(FileError) -> FileStatus {
        try fileSystem.synchronize(new.file)
        return try fileSystem.status(of: new.file)
    }

    /// Shares a complete file as ``write(_:at:replacing:model:)`` shares one: from now on others may write to
    /// it. ``place(_:as:)`` follows.
    public func share(_ new: UnfinishedFile) throws(FileError) {
        try share(new.file, like: fileSystem.status(of: new.folder), .everybody)
    }

    /// Gives a complete file its name; both survive a power cut from the moment this returns.
    /// - Returns: the status of the file at the moment at which it got the name.
    /// - Throws: ``FileError/occupied(path:)`` where something has the name: try another. After any error the
    ///   name is as it was, and the file is to be discarded if no other name is tried.
    public func place(_ new: UnfinishedFile, as name: [UInt8]) throws(FileError) -> FileStatus {
        do throws(FileError) {
            try fileSystem.rename(new.name, to: name, in: new.folder, .keep)
        } catch {
            throw error.code == EEXIST ? .occupied(path: ByteText.escaped(name)) : error
        }
        forget(new.name)
        do throws(FileError) {
            let status = try fileSystem.status(of: new.file)
            try fileSystem.synchronize(new.file)
            try fileSystem.synchronize(new.folder)
            return status
        } catch {
            withdraw(new, from: name)
            throw error
        }
    }

    /// Deletes a file that has its final name, unless something else has that name by now. Best effort.
    public func withdraw(_ new: UnfinishedFile, from name: [UInt8]) {
        guard let inode = try? fileSystem.status(of: new.file).identity.inode else { return }
        discardIfOurs(name, inode: inode, in: new.folder)
    }

    /// Deletes a file that has not got its final name. Best effort: a later scan finds leftovers.
    public func discard(_ new: UnfinishedFile) {
        discard(new.name, in: new.folder)
        forget(new.name)
    }

    private func forget(_ name: [UInt8]) {
        _ = Self.beingWritten.withLock { $0.remove(name) }
    }
}

extension AtomicFile {
    /// Deletes what a crash left of our own writing in one folder.
    ///
    /// - Parameters:
    ///   - names: names in `folder` that begin with ``prefix``; others are passed over.
    ///   - now: nanoseconds since 1970; what changed less than `age` before may still be in use. An
    ///     ``UnfinishedFile`` of this process is, however old.
    /// - Returns: names kept because they may hold a stranger's file: tell the administrator.
    public func removeStaleTemporaries(
        _ names: [[UInt8]], in folder: OpenFile, now: Int64, age: Duration = .seconds(60)
    ) throws(FileError) -> [[UInt8]] {
        var kept: [[UInt8]] = []
        for name in names where name.starts(with: Self.prefix) && !Self.isBeingWritten(name) {
            guard let status = try fileSystem.examine(name, in: folder), status.kind == .regular,
                Duration.nanoseconds(now) - .nanoseconds(status.identity.changed) >= age
            else { continue }
            if name.ends(with: Self.temporarySuffix) || isOurs(name, status) {
                try fileSystem.unlink(name, in: folder)
            } else if name.ends(with: Self.swapSuffix) {
                kept.append(name)
            }
        }
        return kept
    }

    private func isOurs(_ name: [UInt8], _ status: FileStatus) -> Bool {
        guard name.ends(with: Self.swapSuffix) else { return false }
        // The last part is the random one.
        let parts = name.dropFirst(Self.prefix.count).split(separator: UInt8(ascii: "-")).dropLast()
        let inode = hex(status.identity.inode)
        let mark = Self.mark(status.identity)
        return parts.contains { $0.elementsEqual(mark) }
            || parts.first.map { $0.elementsEqual(inode) } ?? false
    }
}

extension [UInt8] {
    fileprivate func ends(with suffix: [UInt8]) -> Bool {
        self.suffix(suffix.count).elementsEqual(suffix)
    }
}
