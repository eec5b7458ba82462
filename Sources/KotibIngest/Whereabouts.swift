import Glibc
import KotibModel
import KotibPOSIX

/// Tells a file that was removed from one that cannot be reached: its file system is not mounted where it was, or
/// its folder may not be entered. Its calls block.
struct Whereabouts: Sendable {
    let files: any FileSystem

    /// The device of the nearest folder above `path` that is there.
    func device(above path: InboxPath) throws(FileError) -> UInt64 {
        var parent = path.parent
        while let folder = parent {
            if let status = try files.examine(folder), status.kind == .folder {
                return status.identity.device
            }
            parent = folder.parent
        }
        return try files.status(of: files.openFolder(nil)).identity.device
    }

    /// Whether a file that is not at its path is on a file system that is not mounted.
    func isAway(_ path: InboxPath, on device: UInt64) throws(FileError) -> Bool {
        try self.device(above: path) != device
    }
}
