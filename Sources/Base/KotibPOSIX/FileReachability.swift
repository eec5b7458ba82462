import Glibc
import KotibModel

/// Distinguishes a removed file from an unreachable one, whose file system is not mounted or whose folder may
/// not be entered. Its calls block.
public struct FileReachability: Sendable {
    let files: any FileSystem

    public init(files: any FileSystem) {
        self.files = files
    }

    /// The location of a file that may not exist.
    public struct Place: Hashable, Sendable {
        /// The nearest existing folder above it; nil for the inbox itself.
        public var folder: InboxPath?
        public var device: UInt64

        public init(folder: InboxPath?, device: UInt64) {
            self.folder = folder
            self.device = device
        }
    }

    public func place(of path: InboxPath) throws(FileError) -> Place {
        var parent = path.parent
        while let folder = parent {
            if let status = try files.examine(folder), status.kind == .folder {
                return Place(folder: folder, device: status.identity.device)
            }
            parent = folder.parent
        }
        let root = try files.status(of: files.openFolder(nil))
        return Place(folder: nil, device: root.identity.device)
    }

    /// Whether a file that is not at its path is on a file system that is not mounted.
    public func isUnreachable(_ path: InboxPath, on device: UInt64) throws(FileError) -> Bool {
        try place(of: path).device != device
    }
}
