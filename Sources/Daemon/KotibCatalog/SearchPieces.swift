/// How a long text is cut for the index of words.
enum SearchPieces {
    /// Characters. A longer text is indexed in pieces: some eight hours of speech, and 0.1 s of the writer's
    /// time.
    static let longestWhole = 262_144
    /// Bytes of a piece.
    static let longest = 262_144
    /// Bytes before the end of a piece in which a place to cut is looked for.
    private static let reach = 4096
    /// Beyond the ids of all recordings.
    static let firstID: Int64 = 1 << 40

    /// The whole text in pieces: cut between words where there is a blank soon enough, and never within a
    /// character.
    static func of(_ text: String) -> [String] {
        var pieces: [String] = []
        var rest = text[...]
        while rest.utf8.count > longest {
            let end = cut(rest)
            pieces.append(String(rest[..<end]))
            rest = rest[end...]
        }
        if !rest.isEmpty { pieces.append(String(rest)) }
        return pieces
    }

    private static func cut(_ text: Substring) -> String.Index {
        let utf8 = text.utf8
        var end = utf8.index(utf8.startIndex, offsetBy: longest)
        // A continuation byte (RFC 3629) is no beginning.
        while utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
        let from = utf8.index(end, offsetBy: -reach)
        let blank = utf8[from..<end].lastIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
        return blank.map { utf8.index(after: $0) } ?? end
    }
}
