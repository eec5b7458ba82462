/// The paragraphs of a transcript: one begins after a pause, or after a sentence if the paragraph is long.
extension TranscriptDocument {
    /// Milliseconds of silence that begin a new paragraph.
    private static let pause = 2000
    /// Characters from which on the end of a sentence ends a paragraph.
    private static let longEnough = 600

    /// The cues; no paragraph is empty.
    var paragraphs: [[Cue]] {
        var paragraphs: [[Cue]] = []
        var (length, end) = (0, 0)
        for cue in cues {
            if length == 0 || cue.start - end >= Self.pause {
                paragraphs.append([])
                length = 0
            }
            paragraphs[paragraphs.count - 1].append(cue)
            (length, end) = (length + cue.words.count, cue.end)
            if length >= Self.longEnough, Self.endsSentence(cue.words) { length = 0 }
        }
        return paragraphs
    }

    /// Quotation marks and brackets may stand behind the end.
    private static func endsSentence(_ words: String) -> Bool {
        let end = words.last { !$0.isWhitespace && !#""'”’»)]」』）"#.contains($0) }
        return end.map { ".?!…。？！؟।".contains($0) } ?? false
    }
}

extension Cue {
    /// In one line.
    var words: String { lines.joined(separator: " ") }
}

extension Transcript {
    /// Segments as running text, with an empty line between paragraphs.
    public static func text(of segments: [TranscriptSegment]) -> String {
        // Without segments a document shows its text.
        guard !segments.isEmpty else { return "" }
        let document = TranscriptDocument(
            title: "", text: "", segments: segments, language: nil, duration: nil)
        return document.paragraphs.map { $0.map(\.words).joined(separator: " ") }.joined(separator: "\n\n")
    }
}
