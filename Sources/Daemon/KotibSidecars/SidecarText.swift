import KotibCatalog

/// The words in a text file, however an editor wrote them.
enum SidecarText {
    /// Bytes. A day's speech is about one tenth of this.
    static let longest = 10 * 1024 * 1024

    /// The words, with LF between lines and no line ends behind the last. Nil for bytes that are neither
    /// UTF-8 nor UTF-16 with a byte order mark, as Windows Notepad writes it: other encodings are not
    /// guessed.
    static func words(_ bytes: [UInt8]) -> String? {
        let text: String? =
            switch bytes.prefix(2) {
            case [0xFF, 0xFE]: utf16(bytes) { UInt16($1) << 8 | UInt16($0) }
            case [0xFE, 0xFF]: utf16(bytes) { UInt16($0) << 8 | UInt16($1) }
            default:
                String(
                    validating: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...],
                    as: UTF8.self)
            }
        // A file with a NUL is not text.
        guard let text, !text.utf8.contains(0) else { return nil }
        return normalized(text)
    }

    static func normalized(_ text: String) -> String { Sidecar.normalized(text) }

    /// The hash by which two texts are compared (``Sidecar/words``).
    static func hash(_ text: String) -> [UInt8] { Sidecar.hash(ofWords: text) }

    private static func utf16(_ bytes: [UInt8], _ unit: (UInt8, UInt8) -> UInt16) -> String? {
        guard bytes.count.isMultiple(of: 2) else { return nil }
        let units = stride(from: 2, to: bytes.count, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        return String(validating: units, as: UTF16.self)
    }
}
