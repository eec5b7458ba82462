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
        device == other.device && isSameFile(as: other)
    }

    /// As ``isSameContent(as:)``, whatever the device: its number may be another after each mount.
    public func isSameFile(as other: FileIdentity) -> Bool {
        inode == other.inode && size == other.size && modified == other.modified
    }
}

/// The identity of a recording's sound, independent of tags, pictures, the index and the sizes in headers.
public struct SoundIdentity: Hashable, Sendable, Codable {
    /// SHA-256 over the audio packets of all streams, in the order of the file; 32 bytes.
    public var sha256: [UInt8]
    /// Bytes that were hashed.
    public var size: Int64

    public init(sha256: [UInt8], size: Int64) {
        self.sha256 = sha256
        self.size = size
    }

    /// Whether the values are valid. A worker that a file has taken over may report anything.
    var isPossible: Bool { sha256.count == 32 && size >= 0 }
}

/// The certainty that the transcribed bytes are the inspected ones. The raw values are stored in the catalog.
public enum ContentDoubt: Int, Sendable, Comparable {
    /// No program had it open for writing, and none of its times has changed.
    case none
    /// None of its times has changed, but the kernel cannot tell whether a program writes to it: its words
    /// are not reused for other users.
    case unverified
    /// It may have changed unnoticed: its words are not reused for any other recording.
    case doubtful

    public static func < (a: ContentDoubt, b: ContentDoubt) -> Bool { a.rawValue < b.rawValue }
}
