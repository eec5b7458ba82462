/// Readable, lossless text for bytes: anything but printable UTF-8 is shown as `\xNN`.
public enum ByteText {
    /// Control and format characters are shown by their bytes too, so that one name is one line of a log
    /// and cannot reorder it on a terminal.
    public static func escaped(_ bytes: some Sequence<UInt8>) -> String {
        let bytes = Array(bytes)
        // Most names are printable ASCII, of which every byte is shown as it is.
        if bytes.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
        var text = ""
        var parser = UTF8.ForwardParser()
        var unread = bytes.makeIterator()
        var position = 0
        while true {
            switch parser.parseScalar(from: &unread) {
            case .valid(let encoded):
                append(UTF8.decode(encoded), to: &text)
                position += encoded.count
            case .error(let length):
                for byte in bytes[position..<position + length] { text += hex(byte) }
                position += length
            case .emptyInput:
                return text
            }
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
            for byte in String(scalar).utf8 { text += hex(byte) }
        default:
            text.unicodeScalars.append(scalar)
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}
