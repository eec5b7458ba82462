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
