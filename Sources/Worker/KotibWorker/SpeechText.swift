/// Cleans Whisper's text for a transcript.
enum SpeechText {
    /// The texts of consecutive segments. Whisper's tokens are bytes: a character may begin in one segment
    /// and end in the next; it goes to the one where it ends.
    static func texts(of segments: [[UInt8]]) -> [String] {
        var carried: [UInt8] = []
        return segments.enumerated().map { index, bytes in
            var bytes = carried + bytes
            carried = []
            if index + 1 < segments.count {
                let tail = unfinishedCharacter(bytes)
                carried = Array(bytes.suffix(tail))
                bytes.removeLast(tail)
            }
            return withoutMarks(plain(String(decoding: bytes, as: UTF8.self)))
        }
    }

    /// One line without control characters, marks that turn the direction of writing, bytes that are no
    /// UTF-8, or doubled blanks.
    static func plain(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where scalar != "\u{FFFD}" && !scalar.properties.isBidiControl {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: scalars.append(" ")
            default: scalars.append(scalar)
            }
        }
        return String(scalars).split(separator: " ").joined(separator: " ")
    }

    /// Removes marks of non-speech: `[BLANK_AUDIO]` and `♪` anywhere; `(music)` and `*sighs*` only if nothing
    /// else was said, since people speak in asides too.
    static func withoutMarks(_ text: String) -> String {
        let spoken = plain(removing("[", "]", from: text).filter { !"♪♫♬".contains($0) })
        let rest = removing("*", "*", from: removing("(", ")", from: spoken))
        return rest.contains { $0.isLetter || $0.isNumber } ? spoken : ""
    }

    private static func removing(_ opening: Character, _ closing: Character, from text: String) -> String {
        var kept = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: opening),
            let end = rest[rest.index(after: start)...].firstIndex(of: closing)
        {
            kept += rest[..<start]
            rest = rest[rest.index(after: end)...]
        }
        return kept + rest
    }

    /// How many bytes at the end are the start of a character whose rest is missing (RFC 3629).
    private static func unfinishedCharacter(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0b1100_0000 == 0b1000_0000 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? back : 0
        }
        return 0
    }
}
