import Glibc

/// A failed step on files below the inbox. After a failed step nothing of it is left behind.
public enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file that is not ours is at the path; it was left alone.
    case occupied(path: String)
    /// A program has the file open for writing: its changes would be lost.
    case heldOpen(path: String)
    /// The file's folder or file system is not there: nothing is known of the file.
    case unreachable(path: String)
    /// Only regular files are opened.
    case notRegular(FileStatus.Kind)
    case system(SystemError)

    /// Whether the same step may succeed later without a change to the folder, as after a full disk.
    public var isRetryable: Bool {
        switch self {
        case .occupied, .notRegular: false
        case .heldOpen, .unreachable: true
        case .system(let error): error.isRetryable
        }
    }

    /// Advice for the administrator.
    public var advice: String? {
        if case .system(let error) = self { error.advice } else { nil }
    }

    public var description: String {
        switch self {
        case .occupied(let path): "\(path): another file has this name"
        case .heldOpen(let path): "\(path): a program has it open for writing"
        case .unreachable(let path): "\(path): its folder or file system is not there now"
        case .notRegular: "not a regular file"
        case .system(let error): error.description
        }
    }

    /// The errno(3) value, where a system call failed.
    public var code: Int32? {
        if case .system(let error) = self { error.code } else { nil }
    }
}

extension SystemError {
    /// Whether the cause passes by itself or by work on the machine rather than on this file.
    var isRetryable: Bool {
        switch code {
        case ENOSPC, EDQUOT, EROFS, EIO, EAGAIN, ENOMEM, EMFILE, ENFILE, EBUSY, ETXTBSY, ESTALE, ETIMEDOUT:
            true
        default: false
        }
    }

    /// Advice for the administrator.
    var advice: String? {
        switch code {
        case ENOSPC: "free space on this file system"
        case EDQUOT: "raise the quota of the folder's owner or delete files"
        case EROFS: "remount the file system read-write"
        case EIO: "the disk or its connection fails: see the kernel's log"
        case EACCES, EPERM: "let the daemon's user read and write the folder (chmod, chgrp or an ACL)"
        case EMFILE, ENFILE: "raise the limit of open files (LimitNOFILE= in the unit)"
        case ENOSYS: "Kotib needs Linux 5.6 or later (openat2)"
        default: nil
        }
    }
}
