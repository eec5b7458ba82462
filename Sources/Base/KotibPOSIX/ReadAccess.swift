import Glibc
import KotibModel

/// The accounts that may read a file by its mode and access list, without regard to privileges.
struct ReadAccess: Sendable {
    /// An access list (acl(5), linux/posix_acl.h).
    struct Entry: Hashable, Sendable {
        enum Tag: UInt16 {
            case owner = 0x01
            case user = 0x02
            case owningGroup = 0x04
            case group = 0x08
            case mask = 0x10
            case others = 0x20
        }

        var tag: Tag
        var mayRead: Bool
        /// Of a user or group.
        var id: UInt32
    }

    private let status: FileStatus
    private let entries: [Entry]

    /// May block on the disk.
    init(_ file: OpenFile, _ status: FileStatus) {
        self.init(status, list: file.accessList)
    }

    /// - Parameter list: as the kernel has it; empty for none.
    init(_ status: FileStatus, list: [UInt8]) {
        self.status = status
        entries = Self.parse(list)
    }

    /// - Parameters:
    ///   - user: nil if only the groups are known.
    ///   - groups: the groups that the user is a member of.
    func allows(user: UInt32?, groups: Set<UInt32>) -> Bool {
        if user == status.owner { return has(0o400) }
        guard !entries.isEmpty else {
            return has(groups.contains(status.group) ? 0o040 : 0o004)
        }
        let mask = entries.first { $0.tag == .mask }?.mayRead ?? true
        if let named = entries.first(where: { $0.tag == .user && $0.id == user }) {
            return named.mayRead && mask
        }
        let matching = entries.filter {
            ($0.tag == .owningGroup && groups.contains(status.group))
                || ($0.tag == .group && groups.contains($0.id))
        }
        if !matching.isEmpty { return mask && matching.contains(where: \.mayRead) }
        return entries.first { $0.tag == .others }?.mayRead ?? false
    }

    /// Whether everybody may read it, and no entry denies that to some: a member of a group that may not read
    /// cannot, although others can (acl(5)).
    var isOpenToAll: Bool {
        entries.isEmpty ? status.permissions & 0o444 == 0o444 : entries.allSatisfy(\.mayRead)
    }

    private func has(_ bit: UInt16) -> Bool { status.permissions & bit != 0 }

    /// A list is a version of four bytes, then entries of eight: tag, permissions, number; all little-endian
    /// (linux/posix_acl_xattr.h).
    private static let version: UInt32 = 2

    private static func parse(_ list: [UInt8]) -> [Entry] {
        guard list.count >= 4, number(list[0..<4]) == version else { return [] }
        return stride(from: 4, through: list.count - 8, by: 8).compactMap { start in
            guard let tag = Entry.Tag(rawValue: UInt16(number(list[start..<start + 2]))) else { return nil }
            let permissions = number(list[start + 2..<start + 4])
            return Entry(tag: tag, mayRead: permissions & 4 != 0, id: number(list[start + 4..<start + 8]))
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// The people of a folder. They get transcripts only of files that they could have read themselves; otherwise
/// a daemon that may read everything would read them other people's private files that were moved into the
/// folder.
struct FolderReaders: Sendable {
    private let folder: FileStatus
    private let daemon: (user: UInt32, group: UInt32)
    private let groups: @Sendable (UInt32) -> Set<UInt32>?

    /// - Parameters:
    ///   - folder: a user's, directly in the inbox.
    ///   - daemon: whose files are everybody's: uploads.
    ///   - groups: of an account of this machine; nil where there is none. May take long.
    init(
        of folder: FileStatus, daemon: (user: UInt32, group: UInt32) = (geteuid(), getegid()),
        groups: @escaping @Sendable (UInt32) -> Set<UInt32>? = SystemAccount.groups
    ) {
        self.folder = folder
        self.daemon = daemon
        self.groups = groups
    }

    /// Whether they could have read a file themselves: it is the folder's owner's or the daemon's, or its
    /// mode or access list lets that owner read it. Where root or the daemon owns the folder its people are
    /// those of its group.
    ///
    /// May block: on the disk and on a directory of accounts in the network.
    func mayRead(_ file: OpenFile, _ status: FileStatus) -> Bool {
        if status.owner == folder.owner || status.owner == daemon.user { return true }
        return allow(ReadAccess(file, status))
    }

    func allow(_ access: ReadAccess) -> Bool {
        // Needs no account.
        if access.isOpenToAll { return true }
        if folder.owner == 0 || folder.owner == daemon.user {
            let isOpenToAll = folder.permissions & 0o002 != 0
            return access.allows(user: nil, groups: isOpenToAll ? [] : [folder.group])
        }
        // Without an account, as in a container, the folder's group is taken for its owner's, unless it is
        // there for the daemon.
        let own = groups(folder.owner) ?? (folder.group == daemon.group ? [] : [folder.group])
        return access.allows(user: folder.owner, groups: own)
    }
}

extension FileSystem {
    /// Whether the people in whose folder a file lies could have read it themselves.
    /// - Throws: ENOENT where the folder is gone.
    public func isReadableInItsFolder(
        _ path: InboxPath, _ file: OpenFile, _ status: FileStatus
    ) throws(FileError) -> Bool {
        let folder = path.user.path
        // An entry of another kind may be a link to a folder.
        if let found = try examine(folder), found.kind == .folder {
            return FolderReaders(of: found).mayRead(file, status)
        }
        return FolderReaders(of: try self.status(of: openFolder(folder))).mayRead(file, status)
    }
}

/// A file's group and permissions, for another one that no more people may read.
public struct AccessModel: Hashable, Sendable {
    /// Everybody may read it.
    public static let everybody = AccessModel(permissions: 0o777, group: nil, list: [])
    /// Only its owner may.
    public static let nobody = AccessModel(permissions: 0o700, group: nil, list: [])

    private let permissions: UInt16
    /// Nil for any.
    private let group: UInt32?
    /// Permissions that the access list grants, without its mask; empty without one.
    private let list: [[UInt8]]

    /// May block on the disk.
    public init(_ file: OpenFile, _ status: FileStatus) {
        self.init(
            permissions: status.permissions, group: status.group, list: Self.grants(in: file.accessList))
    }

    private init(permissions: UInt16, group: UInt32?, list: [[UInt8]]) {
        self.permissions = permissions
        self.group = group
        self.list = list
    }

    /// Whether the bits for the group mean the same people for both files. Where there is an access list they
    /// are the most that anybody in it has (acl(5)).
    public func hasSameGroup(as other: AccessModel) -> Bool {
        group == nil || (group == other.group && list == other.list)
    }

    /// The bits 044 of another file by which nobody reads it who may not read this one. Another group gets
    /// what everybody has.
    func readers(of other: AccessModel) -> UInt16 {
        let others = permissions & 0o004
        return (hasSameGroup(as: other) ? permissions & 0o040 : others << 3) | others
    }

    /// The entries of users and groups. An entry is eight bytes, of which the first two are its tag
    /// (linux/posix_acl_xattr.h).
    private static func grants(in list: [UInt8]) -> [[UInt8]] {
        let granting = [ReadAccess.Entry.Tag.user, .owningGroup, .group].map(\.rawValue)
        return stride(from: 4, through: list.count - 8, by: 8).map { Array(list[$0..<$0 + 8]) }
            .filter { granting.contains(UInt16($0[0]) | UInt16($0[1]) << 8) }
    }
}
