import CKotibPOSIX

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
