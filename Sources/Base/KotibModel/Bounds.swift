/// Conversions of numbers that others say: none of them traps.
extension Int64 {
    /// The nearest whole number; 0 for what is no number. `Int64(_:)` traps for what it cannot hold.
    public init(nearest number: Double) {
        if number.isNaN {
            self = 0
        } else if number >= 0x1p63 {
            self = .max
        } else if number <= -0x1p63 {
            self = .min
        } else {
            self = Int64(number.rounded())
        }
    }

    /// The sum, clamped to the range of the type.
    public func plus(_ other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other > 0 ? .max : .min) : sum
    }

    /// The difference, clamped to the range of the type.
    public func minus(_ other: Int64) -> Int64 {
        let (difference, overflows) = subtractingReportingOverflow(other)
        return overflows ? (other < 0 ? .max : .min) : difference
    }
}

extension Duration {
    /// As ``seconds(_:)-(Double)``, which traps from about 1.7e20 on: clamped to ten years either way; zero
    /// for NaN.
    public static func seconds(bounding number: Double) -> Duration {
        guard !number.isNaN else { return .zero }
        let longest = AudioFacts.longestDuration
        return .seconds(min(max(number, -longest), longest))
    }
}

/// Checks of text from untrusted sources.
public enum BoundedText {
    /// Whether it is one line that is safe on a terminal: no control characters, no marks of writing
    /// direction, at most so many bytes.
    public static func isLine(_ text: String, upTo most: Int) -> Bool {
        text.utf8.count <= most && text.unicodeScalars.allSatisfy { !isHarmful($0) }
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        if (0x20...0x7E).contains(scalar.value) { return false }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return true
        default: return scalar.properties.isBidiControl
        }
    }

    /// Whether it is `type/subtype` of RFC 6838, 4.2, without parameters.
    static func isMediaType(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy(isRestrictedName)
    }

    /// `restricted-name`: 127 characters at most, a letter or digit first.
    private static func isRestrictedName(_ name: Substring.UTF8View) -> Bool {
        guard let first = name.first, isLetterOrDigit(first), name.count <= 127 else { return false }
        return name.dropFirst().allSatisfy { isLetterOrDigit($0) || "!#$&-^_.+".utf8.contains($0) }
    }

    /// Whether it is a name as libav gives to its codecs and containers: `pcm_s16le`, `mov,mp4,m4a`.
    static func isLibavName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || "_,".utf8.contains($0)
            }
    }

    /// Whether it may be a code of ISO 639-1, or of 639-2 or -3 for those that have none: two or three small
    /// letters.
    public static func isLanguageCode(_ text: String) -> Bool {
        (2...3).contains(text.utf8.count) && text.utf8.allSatisfy { (0x61...0x7A).contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
