import KotibModel
import KotibPOSIX

/// A file of a recording that is being deleted could not be removed.
public struct FileNotRemoved: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: InboxPath
    public var cause: FileError
    /// Whether the recording and all its files still exist. Otherwise the rest is removed as soon as
    /// possible, and the recording is invisible.
    public var isUnchanged: Bool
    /// The location that the deletion waits for; nil if the file is there.
    public var waitsFor: MissingLocation?

    public var description: String {
        let outcome =
            isUnchanged
            ? "nothing was deleted"
            : waitsFor == nil
                ? "the recording is deleted, and the file will be as soon as that is possible"
                : "the recording is deleted, and the file will be when it is there again"
        return "“\(file)” could not be removed (\(cause)): \(outcome)"
            + (cause.advice.map { "; \($0)" } ?? "")
    }
}

/// The missing location of a file that is to be deleted.
public enum MissingLocation: Hashable, Sendable {
    /// Its folder is gone, or was renamed.
    case folder
    /// Its file system is not mounted.
    case fileSystem
    /// The archive is not there.
    case archive
}
