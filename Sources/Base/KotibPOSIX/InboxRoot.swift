import Glibc
import KotibModel
import Synchronization

/// The inbox folder, held open: everything below is reached from this descriptor and never leaves it.
///
/// A folder may be moved away, deleted or mounted over while a descriptor of it stays valid, so the owner
/// asks ``isCurrent()`` now and then and calls ``reopen()``.
public final class InboxRoot: Sendable {
    /// As configured.
    public let path: String
    private let current: Mutex<OpenFile>

    /// - Throws: ``SystemError`` of open(2): ENOENT, ENOTDIR, EACCES.
    public init(path: String) throws(SystemError) {
        self.path = path
        current = Mutex(try Self.open(path))
    }

    /// The folder as last opened.
    public var folder: OpenFile { current.withLock { $0 } }

    /// Whether the folder at the configured path is the one that is open: the same device and inode.
    public func isCurrent() -> Bool {
        var there = stat()
        guard stat(path, &there) == 0, let here = try? FileStatus(of: folder) else { return false }
        return here.identity.device == UInt64(there.st_dev) && here.identity.inode == UInt64(there.st_ino)
    }

    /// Opens the folder at the configured path; the old folder is closed only if that succeeds.
    /// - Parameter willReplace: called before the change where it is another folder.
    /// - Throws: ``SystemError`` of open(2).
    public func reopen(_ willReplace: () -> Void = {}) throws(SystemError) {
        let opened = try Self.open(path)
        let (old, new) = (try FileStatus(of: folder).identity, try FileStatus(of: opened).identity)
        if (old.device, old.inode) != (new.device, new.inode) { willReplace() }
        current.withLock { $0 = opened }
    }

    private static func open(_ path: String) throws(SystemError) -> OpenFile {
        OpenFile(
            owning: try SystemError.check("open", path) {
                Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            })
    }
}
