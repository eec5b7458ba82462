import KotibModel
import KotibPOSIX

/// A file of a recording that is being deleted could not be removed.
public struct FileNotRemoved: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: InboxPath
    public var cause: FileError
    /// Whether the recording and all its files are there as before. Otherwise what is left is removed as soon
    /// as it can be, and nobody sees the recording any more.
    public var isUnchanged: Bool
    /// The place that has to come back first; nil where the file is there.
    public var waitsFor: MissingPlace?

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

/// Why a file that is to be deleted cannot be looked for.
public enum MissingPlace: Hashable, Sendable {
    /// Its folder is gone, or was renamed.
    case folder
    /// Its file system is not mounted.
    case fileSystem
    /// The archive is not there.
    case archive
}
