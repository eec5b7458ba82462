/// Recognizes names that look like others: with blanks, dots and invisible characters at the end, similar
/// letters of another script, or a slightly different extension.
enum LookalikeName {
    /// Without what cannot be seen, and without dots at the end, which Windows does not show.
    static func visible(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var visible = String.UnicodeScalarView(scalars.filter { !isHidden($0) })
        while visible.last == "." { visible.removeLast() }
        return String(visible)
    }

    /// The extension of `accepted` that a person sees at the end of `name`; nil for none.
    static func ending(of name: [UInt8], among accepted: [String]) -> String? {
        let scalars = Array(String(decoding: name, as: UTF8.self).unicodeScalars)
        return ending(of: Array(visible(scalars).unicodeScalars), behind: { $0 == "." }, among: accepted)
            ?? ending(of: withoutMarks(scalars), behind: isSeparator, among: accepted)
    }

    /// The part behind the last separator that is not the first character.
    private static func ending(
        of name: [Unicode.Scalar], behind isSeparator: (Unicode.Scalar) -> Bool, among accepted: [String]
    ) -> String? {
        guard let last = name.lastIndex(where: isSeparator), last > 0 else { return nil }
        let latin = String(String.UnicodeScalarView(name[(last + 1)...].map(Self.latin))).lowercased()
        return [latin, otherSpellings[latin]].compactMap(\.self).first(where: accepted.contains)
    }

    /// Without what copying and typing leave behind an ending: the number of a second copy in brackets,
    /// strokes.
    private static func withoutMarks(_ name: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var name = name[...]
        func removeMarks() {
            while let last = name.last, last == "~" || isSeparator(last) { name.removeLast() }
        }
        removeMarks()
        if name.last == ")", let bracket = name.lastIndex(of: "("),
            name[(bracket + 1)...].dropLast().allSatisfy({ ("0"..."9").contains($0) })
        {
            name = name[..<bracket]
            removeMarks()
        }
        return Array(name)
    }

    /// Whether people and programs write it in place of the dot.
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        [".", ",", ";", "_", "-"].contains(scalar) || isHidden(scalar)
    }

    /// Other endings of the same kinds, of which the accepted name is the usual one.
    private static let otherSpellings = [
        "wave": "wav", "mpga": "mp3", "mpeg": "mp3", "mp4a": "m4a", "m4b": "m4a", "weba": "webm",
        "3gpp": "3gp",
    ]

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        if properties.isWhitespace || properties.isDefaultIgnorableCodePoint { return true }
        switch properties.generalCategory {
        case .control, .format: return true
        default: return false
        }
    }

    /// Lookalikes among the Cyrillic letters (Unicode Technical Standard 39, confusables.txt) and the
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
