/// The header Content-Disposition (RFC 6266), written so that old and new clients read the name.
enum ContentDisposition {
    /// - Parameter name: any text; what a header cannot hold is percent-encoded.
    static func field(_ type: String, _ name: String) -> String {
        let plain = name.unicodeScalars.map { scalar in
            isPlain(scalar) ? String(scalar) : "_"
        }
        return "\(type); filename=\"\(plain.joined())\"; filename*=UTF-8''\(encoded(name))"
    }

    /// Printable ASCII without what some clients unescape: quotes, backslashes, percent signs.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        (0x20...0x7e).contains(scalar.value) && scalar != "\"" && scalar != "\\" && scalar != "%"
    }

    /// RFC 8187, 3.2.1: everything but attr-char.
    private static func encoded(_ name: String) -> String {
        let marks = Array("!#$&+-.^_`|~".utf8)
        let digits = Array("0123456789ABCDEF")
        return name.utf8.map { byte in
            let isAlphanumeric =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
            return isAlphanumeric || marks.contains(byte)
                ? String(Unicode.Scalar(byte)) : "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }.joined()
    }
}
