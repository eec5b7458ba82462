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
