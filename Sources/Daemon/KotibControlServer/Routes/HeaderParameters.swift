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

    /// Browsers write `%22` for a quote (HTML's form encoding), others a backslash before it; a backslash
    /// before anything else is one: Windows' old clients send whole paths.
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
