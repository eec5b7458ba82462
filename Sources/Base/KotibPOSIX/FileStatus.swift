import CKotibPOSIX
import Glibc
import KotibModel

/// The status of a file (stat(2)): its identity, kind and owner.
public struct FileStatus: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case regular, folder, symbolicLink, pipe, socket, device
    }

    public var identity: FileIdentity
    public var kind: Kind
    /// The bits 07777 of the mode (inode(7)).
    public var permissions: UInt16
    public var owner: UInt32
    public var group: UInt32
    /// How many names the file has.
    public var links: UInt64

    public init(
        identity: FileIdentity, kind: Kind, permissions: UInt16, owner: UInt32, group: UInt32, links: UInt64
    ) {
        self.identity = identity
        self.kind = kind
        self.permissions = permissions
        self.owner = owner
        self.group = group
        self.links = links
    }

    /// The status of an open file.
    /// - Throws: ``SystemError`` of fstat(2).
    public init(of file: OpenFile) throws(SystemError) {
        var raw = stat()
        try SystemError.check("fstat") { fstat(file.descriptor, &raw) }
        self.init(raw)
    }

    init(_ raw: stat) {
        identity = FileIdentity(
            device: UInt64(raw.st_dev), inode: UInt64(raw.st_ino), size: Int64(raw.st_size),
            modified: Self.nanoseconds(raw.st_mtim), changed: Self.nanoseconds(raw.st_ctim))
        kind = Self.kind(ofMode: raw.st_mode)
        permissions = UInt16(raw.st_mode & 0o7777)
        owner = raw.st_uid
        group = raw.st_gid
        links = UInt64(raw.st_nlink)
    }

    /// Clamped: anybody may set an mtime, and a wrong clock may show a time, beyond what 64 bits of
    /// nanoseconds hold (the year 2262), and it must not trap.
    public static func nanoseconds(_ time: timespec) -> Int64 {
        let (whole, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return time.tv_sec < 0 ? .min : .max }
        let (sum, overflowed) = whole.addingReportingOverflow(Int64(time.tv_nsec))
        return overflowed ? .max : sum
    }

    private static func kind(ofMode mode: mode_t) -> Kind {
        switch mode & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .folder
        case S_IFLNK: .symbolicLink
        case S_IFIFO: .pipe
        case S_IFSOCK: .socket
        default: .device
        }
    }
}

/// The type of the file system that a file lies on, and its free space.
public struct FileSystemInfo: Hashable, Sendable {
    /// Bytes that we may still write (`f_bavail`, statfs(2)).
    public var freeBytes: UInt64
    /// The file system's magic number (`f_type`, statfs(2)).
    var type: UInt32

    /// - Throws: ``SystemError`` of fstatfs(2).
    public init(of file: OpenFile) throws(SystemError) {
        var type: UInt32 = 0
        var freeBytes: UInt64 = 0
        try SystemError.check("fstatfs") { kotib_mount_facts(file.descriptor, &type, &freeBytes) }
        self.type = type
        self.freeBytes = freeBytes
    }

    /// The name of a file system whose files others may change without the kernel here noticing, so that
    /// inotify(7) stays silent and clocks may differ. Nil for a local one. Numbers from statfs(2) and
    /// linux/magic.h; BeeGFS, GPFS, Lustre and Panasas, which the kernel does not carry, from coreutils'
    /// stat.c.
    public var remoteName: String? { Self.remoteNames[type] }

    private static let remoteNames: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB2", 0x6573_5546: "FUSE",

        0x0102_1997: "9P", 0x5346_414F: "AFS", 0x00C3_6400: "Ceph", 0x7375_7245: "Coda",
        0x786F_4256: "vboxsf", 0x6B41_4653: "AFS", 0x7461_636F: "OCFS2", 0x1983_0326: "BeeGFS",
        0x4750_4653: "GPFS", 0x0BD0_0BD0: "Lustre", 0xAAD7_AAEA: "Panasas", 0x7C7C_6673: "prl_fs",
    ]
}

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
