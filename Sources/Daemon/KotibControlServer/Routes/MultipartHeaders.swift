/// The Content-Disposition of a part of a form (RFC 7578, 4.2). Other headers are ignored: a file's kind is
/// recognized by its content.
struct MultipartHeaders: Hashable, Sendable {
    /// The field's name; empty where there is none.
    var name = ""
    /// As the client calls the file, untouched; nil for a plain field.
    var fileName: String?

    /// Nil where a line is no header.
    /// - Parameter lines: joined by CR LF.
    init?(_ lines: some Collection<UInt8>) {
        // Bytes that are not UTF-8 become U+FFFD: a name for people, never one to open.
        let text = String(decoding: lines, as: UTF8.self)
        guard !text.isEmpty else { return }
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else { return nil }
            guard line[..<colon].lowercased() == "content-disposition" else { continue }
            read(HeaderParameters(line[line.index(after: colon)...]))
        }
    }

    private mutating func read(_ disposition: HeaderParameters) {
        guard disposition.value == "form-data" else { return }
        name = disposition["name"] ?? ""
        // RFC 7578 forbids filename*, but clients send it, and only it tells the name's encoding.
        fileName = disposition["filename*"].flatMap(Self.extended) ?? disposition["filename"]
    }

    /// RFC 8187: charset, language and percent-encoded bytes. Nil where it is not that or not UTF-8.
    private static func extended(_ value: String) -> String? {
        let parts = value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        var bytes: [UInt8] = []
        var rest = parts[2].utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2,
                digits.allSatisfy(\.isHexDigit), let decoded = UInt8(digits, radix: 16)
            else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
