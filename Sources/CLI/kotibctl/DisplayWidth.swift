import KotibPOSIX

extension Character {
    /// The columns that a terminal gives it: those of its widest scalar, as the rest combines with that.
    var displayWidth: Int {
        if let ascii = asciiValue { return (0x20..<0x7F).contains(ascii) ? 1 : 0 }
        // U+FE0F asks for a picture, and those are wide.
        if unicodeScalars.contains("\u{FE0F}") { return 2 }
        return unicodeScalars.map(\.displayWidth).max() ?? 0
    }
}

extension String {
    var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// The string itself if it fits, otherwise its beginning and `…`.
    func cut(toWidth width: Int) -> String {
        guard displayWidth > width else { return self }
        var result = ""
        var left = width - 1
        for character in self {
            left -= character.displayWidth
            guard left >= 0 else { break }
            result.append(character)
        }
        return width > 0 ? result + "…" : ""
    }

    func padded(toWidth width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - displayWidth))
        return left ? space + self : self + space
    }
}
