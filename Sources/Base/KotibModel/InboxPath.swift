// KotibModel: value types and legal state changes; no I/O.

/// A path below the inbox root, as the bytes that the kernel gave.
///
/// File names on Linux are bytes without `/` and NUL (path_resolution(7)); they need not be UTF-8, and two
/// names that Unicode calls equal are two files. So names are compared, stored and opened as bytes, and
/// become text only for people (``text``).
public struct InboxPath: Hashable, Sendable, Comparable {
    /// The longest name that Linux file systems take, in bytes (`NAME_MAX`, limits.h).
    public static let longestName = 255

    /// Components joined by `/`, without a leading or trailing one. Never empty.
    public let bytes: [UInt8]

    /// Nil unless `bytes` is one or more names joined by single `/`, none of them `.`, `..`, empty,
    /// longer than ``longestName``, or holding NUL.
    public init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return nil }
        for name in bytes.split(separator: Self.slash, omittingEmptySubsequences: false) {
            guard Self.isName(name) else { return nil }
        }
        self.bytes = bytes
    }

    public init?(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// - Parameter bytes: names joined by single `/`.
    init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The last component.
    public var name: [UInt8] {
        guard let slash = bytes.lastIndex(of: Self.slash) else { return bytes }
        return Array(bytes[(slash + 1)...])
    }

    /// The folder that holds this, or nil where that is the inbox root itself.
    public var parent: InboxPath? {
        guard let slash = bytes.lastIndex(of: Self.slash) else { return nil }
        return InboxPath(unchecked: Array(bytes[..<slash]))
    }

    /// The first component: the folder of the user to whom this path belongs.
    public var user: UserFolder {
        UserFolder(unchecked: Array(bytes.prefix { $0 != Self.slash }))
    }

    /// The number of components; 1 for an entry directly in the inbox root.
    public var depth: Int {
        bytes.reduce(1) { $0 + ($1 == Self.slash ? 1 : 0) }
    }

    /// This path with one more component. Nil where `name` is no name.
    public func appending(_ name: [UInt8]) -> InboxPath? {
        guard Self.isName(name[...]) else { return nil }
        return InboxPath(unchecked: bytes + [Self.slash] + name)
    }

    /// A file beside this one. Nil where `name` is no name.
    public func sibling(_ name: [UInt8]) -> InboxPath? {
        guard let parent else { return InboxPath(name) }
        return parent.appending(name)
    }

    /// For people and logs: control characters and bytes that are not UTF-8 appear as `\xNN`.
    public var text: String { ByteText.escaped(bytes) }

    public static func < (a: InboxPath, b: InboxPath) -> Bool {
        a.bytes.lexicographicallyPrecedes(b.bytes)
    }

    private static let slash = UInt8(ascii: "/")

    static func isName(_ name: ArraySlice<UInt8>) -> Bool {
        !name.isEmpty && name.count <= longestName && !name.contains(0) && !name.contains(slash)
            && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
    }
}

extension InboxPath: CustomStringConvertible {
    public var description: String { text }
}
