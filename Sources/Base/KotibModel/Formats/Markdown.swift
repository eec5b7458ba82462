/// Markdown: the title, then paragraphs with the time at which each begins.
extension TranscriptDocument {
    var markdown: String {
        var text = "# \(Self.escaped(Self.lines(title).joined(separator: " ")))\n"
        for paragraph in paragraphs {
            text += "\n**\(Cue.clock((paragraph.first?.start ?? 0) / 1000))** "
            text += paragraph.map { Self.escaped($0.words) }.joined(separator: " ") + "\n"
        }
        return text
    }

    /// Characters that CommonMark, or pandoc's Markdown, would interpret. What means something only at
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
