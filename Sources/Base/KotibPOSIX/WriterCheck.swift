import CKotibPOSIX
import Glibc

/// Whether anybody has a file open for writing.
public enum WriterCheck: Hashable, Sendable {
    case none, writing
    /// The kernel does not say: the file is neither ours nor are we root (EACCES), or the file system has no
    /// leases (EINVAL).
    case unknown

    /// Asks by taking a read lease, which the kernel refuses while a writer is there (F_SETLEASE, fcntl(2),
    /// "Leases"), and giving it back at once. Who opens the file for writing in that instant waits for
    /// microseconds; nobody is sent a signal that matters.
    ///
    /// - Parameter file: open for reading only.
    public init(_ file: OpenFile) {
        if kotib_probe_lease(file.descriptor) == 0 {
            self = .none
        } else {
            self = errno == EAGAIN ? .writing : .unknown
        }
    }
}
