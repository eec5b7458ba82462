/// Names that read like others: with blanks, dots and characters that nobody sees at the end, or letters of another
/// script that look alike.
enum LookalikeName {
    /// Without what cannot be seen, and without dots at the end, which Windows does not show.
    static func visible(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var visible = String.UnicodeScalarView(scalars.filter { !isHidden($0) })
        while visible.last == "." { visible.removeLast() }
        return String(visible)
    }

    /// The ending of `accepted` that a person sees at the end of `name`; nil for none.
    static func ending(of name: [UInt8], among accepted: [String]) -> String? {
        let text = visible(String(decoding: name, as: UTF8.self).unicodeScalars)
        guard let dot = text.unicodeScalars.lastIndex(of: "."), dot > text.startIndex else { return nil }
        let ending = text.unicodeScalars[text.unicodeScalars.index(after: dot)...]
        let latin = String(String.UnicodeScalarView(ending.map(Self.latin))).lowercased()
        return accepted.contains(latin) ? latin : nil
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        if properties.isWhitespace || properties.isDefaultIgnorableCodePoint { return true }
        switch properties.generalCategory {
        case .control, .format: return true
        default: return false
        }
    }

    /// What looks like it, of the Cyrillic letters that do (Unicode Technical Standard 39, confusables.txt) and of the
    /// wide forms of East Asian keyboards.
    private static func latin(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if let known = cyrillic[scalar] { return known }
        guard (0xff01...0xff5e).contains(scalar.value) else { return scalar }
        return Unicode.Scalar(scalar.value - 0xfee0) ?? scalar
    }

    private static let cyrillic: [Unicode.Scalar: Unicode.Scalar] = [
        "а": "a", "А": "A", "с": "c", "С": "C", "е": "e", "Е": "E", "м": "m", "М": "M", "о": "o", "О": "O",
        "р": "p", "Р": "P", "З": "3", "з": "3",
    ]
}
