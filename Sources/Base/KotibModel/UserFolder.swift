/// The folder of a user, directly in the inbox: its name, as the bytes from the kernel.
public struct UserFolder: Hashable, Sendable, Comparable {
    public let bytes: [UInt8]

    /// Nil unless `bytes` is one name, as in ``InboxPath``.
    public init?(_ bytes: [UInt8]) {
        guard InboxPath.isName(bytes[...]) else { return nil }
        self.bytes = bytes
    }

    public init?(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// - Parameter name: a component of an ``InboxPath``.
    init(unchecked name: [UInt8]) {
        bytes = name
    }

    public var path: InboxPath { InboxPath(unchecked: bytes) }

    /// For people and logs: control characters and bytes that are not UTF-8 appear as `\xNN`.
    public var text: String { ByteText.escaped(bytes) }

    public static func < (a: UserFolder, b: UserFolder) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }
}

extension UserFolder: CustomStringConvertible {
    public var description: String { text }
}
