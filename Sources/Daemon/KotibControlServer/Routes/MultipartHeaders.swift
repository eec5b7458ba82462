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
        name = disposition["name"].map(Self.unescaped) ?? ""
        // RFC 7578 forbids filename*, but clients send it, and only it tells the name's encoding.
        fileName =
            disposition["filename*"].flatMap(Self.extended) ?? disposition["filename"].map(Self.unescaped)
    }

    /// Undoes what browsers and curl write for three characters, and nothing else: they leave `%` itself as
    /// it is (https://html.spec.whatwg.org/#multipart-form-data).
    private static func unescaped(_ text: String) -> String {
        text.replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
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

/// A header's value with its parameters, as Content-Type and Content-Disposition have them: `value;
/// name="text"`.
struct HeaderParameters: Hashable, Sendable {
    /// Lower case.
    let value: String
    private var parameters: [String: String] = [:]

    init(_ field: some StringProtocol) {
        var rest = Substring(field).unicodeScalars[...]
        value = Self.trimmed(Self.takePrefix(&rest) { $0 == ";" }).lowercased()
        while rest.popFirst() != nil {
            let name = Self.trimmed(Self.takePrefix(&rest) { $0 == ";" || $0 == "=" }).lowercased()
            guard rest.first == "=" else { continue }
            rest.removeFirst()
            rest = rest.drop { $0 == " " || $0 == "\t" }
            let text = rest.first == "\"" ? Self.quoted(&rest) : nil
            let bare = Self.trimmed(Self.takePrefix(&rest) { $0 == ";" })
            // The first one counts, so that nobody slips a second under it.
            if parameters[name] == nil { parameters[name] = text ?? bare }
        }
    }

    /// - Parameter name: lower case.
    subscript(name: String) -> String? { parameters[name] }

    /// Removes and returns the characters up to where `isEnd` holds; that one stays.
    private static func takePrefix(
        _ rest: inout Substring.UnicodeScalarView, _ isEnd: (Unicode.Scalar) -> Bool
    ) -> String {
        let end = rest.firstIndex(where: isEnd) ?? rest.endIndex
        let taken = String(rest[..<end])
        rest = rest[end...]
        return taken
    }

    /// Some clients write a backslash before a quote; a backslash before anything else is one: Windows' old
    /// clients send whole paths.
    private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String {
        rest.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { break }
            if scalar == "\\", let next = rest.first, next == "\"" || next == "\\" {
                text.append(next)
                rest.removeFirst()
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }

    private static func trimmed(_ text: String) -> String {
        let isBlank = { (scalar: Unicode.Scalar) in scalar == " " || scalar == "\t" }
        let start = text.unicodeScalars.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }.map(start.index(after:)) ?? start.startIndex
        return String(start[..<end])
    }
}
