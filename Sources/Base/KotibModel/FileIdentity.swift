/// The identity of one state of one file: a change of content changes at least one field.
///
/// ctime is in it because nobody can set it (inode(7)): it shows a reused inode number and a restored mtime.
public struct FileIdentity: Hashable, Sendable, Codable {
    public var device: UInt64
    public var inode: UInt64
    /// Bytes.
    public var size: Int64
    /// Nanoseconds since 1970.
    public var modified: Int64
    /// Nanoseconds since 1970: the last change of content or attributes.
    public var changed: Int64

    public init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    /// Whether this is `other` apart from ctime, which changes with a rename (rename(2)) or a change of
    /// attributes although the content is the same.
    public func isSameContent(as other: FileIdentity) -> Bool {
        device == other.device && inode == other.inode && size == other.size && modified == other.modified
    }
}
