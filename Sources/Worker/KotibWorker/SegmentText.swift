/// Cleans an engine's text: hostile sound can make a model produce anything.
enum SegmentText {
    /// UTF-8 bytes in one message: even with each of them escaped in JSON it stays below the longest packet.
    static let longestPiece = 16 * 1024

    /// White space is one space each; control characters and those that turn the direction of text are gone.
    static func cleaned(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                if clean.last != " " { clean.append(" ") }
            } else if !isHarmful(scalar) {
                clean.append(scalar)
            }
        }
        return String(clean)
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .unassigned, .privateUse, .surrogate: true
        default: scalar.properties.isBidiControl
        }
    }

    /// `text` in pieces of at most `limit` bytes, cut between characters where they are shorter than that.
    static func pieces(of text: String, limit: Int = longestPiece) -> [String] {
        var pieces: [String] = []
        var piece = String.UnicodeScalarView()
        var length = 0
        for scalar in text.unicodeScalars {
            let width = UTF8.width(scalar)
            if length + width > limit && length > 0 {
                pieces.append(String(piece))
                piece = String.UnicodeScalarView()
                length = 0
            }
            piece.append(scalar)
            length += width
        }
        if length > 0 { pieces.append(String(piece)) }
        return pieces
    }
}
