/// A phone number as ITU-T E.164 has them: `+`, then 8 to 15 ASCII digits of which the first is not 0.
public struct PhoneNumber: Hashable, Sendable, CustomStringConvertible {
    public let text: String

    /// Takes the number as people write it: spaces, hyphens, dots and parentheses are left out, and a leading
    /// `00` is read as `+`. Nil for anything else, digits of other scripts among it.
    public init?(_ written: String) {
        guard written.utf8.count <= 40 else { return nil }
        var digits = written.utf8.filter { !" -.()".utf8.contains($0) }
        if digits.starts(with: "00".utf8) { digits.replaceSubrange(0..<2, with: "+".utf8) }
        guard digits.first == UInt8(ascii: "+"), (9...16).contains(digits.count),
            digits[1] != UInt8(ascii: "0"),
            digits.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        text = String(decoding: digits, as: UTF8.self)
    }

    /// Without the `+`: the name of a new user's folder.
    public var digits: String { String(text.dropFirst()) }

    /// Whether it begins with one of `prefixes`; `+` stands for every number, and none for no number.
    public func isWithin(_ prefixes: [String]) -> Bool {
        prefixes.contains { text.hasPrefix($0) }
    }

    /// For logs: the last four digits.
    public var description: String { "…\(text.suffix(4))" }
}
