/// The header Range (RFC 9110, 14.2) where it asks for one stretch of bytes; several at once are answered
/// with the whole, as the standard allows.
enum ByteRange: Hashable, Sendable {
    /// No range, or none that can be read.
    case whole
    case part(Range<Int64>)
    /// It begins behind the end.
    case unsatisfiable

    /// - Parameter size: bytes of the whole.
    init(_ field: String?, size: Int64) {
        guard let field, let set = Self.withoutUnit(field) else {
            self = .whole
            return
        }
        let ends = set.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]) else {
            self = .whole
            return
        }
        switch (first, last) {
        case (nil, nil): self = .whole
        case (nil, let suffix?):
            self = suffix == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - suffix)..<size)
        case (let first?, let last):
            if let last, last < first {
                self = .whole
            } else if first >= size {
                self = .unsatisfiable
            } else {
                self = .part(first..<min(last ?? size, size - 1) + 1)
            }
        }
    }

    private static func withoutUnit(_ field: String) -> Substring? {
        let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        return parts[1]
    }

    /// The inner nil for an end that is left out, the outer one for what is no number. One that is too large
    /// for an Int64 lies behind every end.
    private static func number(_ text: Substring) -> Int64?? {
        guard !text.isEmpty else { return .some(nil) }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text) ?? .max
    }
}
