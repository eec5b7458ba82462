/// Markdown: the title, then paragraphs with the time at which each begins.
extension TranscriptDocument {
    /// Milliseconds of silence that begin a new paragraph.
    private static let pause = 2000
    /// Characters from which on the end of a sentence ends a paragraph.
    private static let longEnough = 600

    var markdown: String {
        var text = "# \(Self.escaped(Self.lines(title).joined(separator: " ")))\n"
        var (length, end) = (0, 0)
        for cue in cues {
            let words = cue.lines.joined(separator: " ")
            if length == 0 || cue.start - end >= Self.pause {
                text += length == 0 ? "" : "\n"
                text += "\n**\(Cue.clock(cue.start / 1000))** "
                length = 0
            } else {
                text += " "
            }
            text += Self.escaped(words)
            (length, end) = (length + words.count, cue.end)
            if length >= Self.longEnough, words.last.map({ ".?!…".contains($0) }) == true {
                text += "\n"
                length = 0
            }
        }
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    /// What CommonMark, or pandoc's Markdown, would take for more than a character. What means something only at
    /// the start of a line is left alone: every line here begins with a mark of its own.
    private static func escaped(_ words: String) -> String {
        var text = ""
        for scalar in words.unicodeScalars {
            if #"\`*_[]<>#&$^~@|"#.unicodeScalars.contains(scalar) { text += #"\"# }
            text.unicodeScalars.append(scalar)
        }
        return text
    }
}
