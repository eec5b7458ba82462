import Glibc

/// A pattern for one file or folder name, matched by fnmatch(3): `*` for any bytes, `?` for one byte, `[a-z]`
/// and `[!a-z]` for one byte in a set or outside it, `\` before a character that stands for itself.
///
/// Names are matched byte by byte, whatever they encode, and only ASCII letters match in either case, because
/// the daemon stays in the C locale (it never calls setlocale(3)). A leading dot is not special.
struct NamePattern: Hashable, Sendable {
    /// FNM_CASEFOLD of glibc's <fnmatch.h>, which is declared for _GNU_SOURCE only and so not visible to
    /// Swift.
    private static let caseFold: Int32 = 1 << 4

    /// With a NUL at the end, as C has strings.
    private let pattern: [CChar]
    /// Whether it ends in `/`: such a pattern is for folders only.
    let isForFolders: Bool

    /// Nil for a pattern that is empty, incomplete (an open `[`, a lone `\`), has a range that runs
    /// backwards, or has a NUL or a `/` before its end, which no name has.
    init?(_ text: String) {
        var bytes = Array(text.utf8)
        isForFolders = bytes.last == UInt8(ascii: "/")
        if isForFolders { bytes.removeLast() }
        guard !bytes.isEmpty, !bytes.contains(0), !bytes.contains(UInt8(ascii: "/")), Self.isComplete(bytes)
        else { return nil }
        pattern = Self.terminated(bytes)
    }

    func matches(_ name: [UInt8]) -> Bool { matches(terminated: Self.terminated(name)) }

    /// - Parameter name: as ``terminated(_:)`` returns it.
    func matches(terminated name: [CChar]) -> Bool { fnmatch(pattern, name, Self.caseFold) == 0 }

    static func terminated(_ name: [UInt8]) -> [CChar] {
        [CChar](unsafeUninitializedCapacity: name.count + 1) { buffer, count in
            for (index, byte) in name.enumerated() {
                buffer.initializeElement(at: index, to: CChar(bitPattern: byte))
            }
            buffer.initializeElement(at: name.count, to: 0)
            count = name.count + 1
        }
    }

    /// fnmatch(3) accepts every pattern: an open `[` stands for itself, and a lone `\` matches nothing. In a
    /// configuration these are mistakes.
    private static func isComplete(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
            if byte == UInt8(ascii: "["), !skipSet(&rest) { return false }
        }
        return true
    }

    /// Skips a set behind its `[`, up to its `]`. A `]` that comes first is one of the set, as is a `-` at
    /// either end.
    /// - Returns: false where it does not end, or has a range that runs backwards.
    private static func skipSet(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if let first = rest.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "^") {
            rest.removeFirst()
        }
        var isFirst = true
        while var byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst { return true }
            isFirst = false
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return false }
                byte = escaped
            }
            if rest.first == UInt8(ascii: "-"), let last = rest.dropFirst().first, last != UInt8(ascii: "]") {
                guard byte <= last else { return false }
                rest.removeFirst(2)
            }
        }
        return false
    }
}
