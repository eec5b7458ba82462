import FoundationEssentials

/// A transcript with everything that its written forms need.
public struct TranscriptDocument: Hashable, Sendable {
    /// The recording's name, for people.
    var title: String
    var text: String
    /// Empty where the engine gave no times: all the words then span the whole recording.
    var segments: [TranscriptSegment]
    /// ISO 639-1.
    var language: String?
    /// Seconds.
    var duration: Double?

    public init(
        title: String, text: String, segments: [TranscriptSegment], language: String?, duration: Double?
    ) {
        self.title = title
        self.text = text
        self.segments = segments
        self.language = language
        self.duration = duration
    }

    /// The complete file content; ends with a newline.
    /// - Throws: errors of `JSONEncoder`; other formats never throw.
    public func rendered(as format: TranscriptFormat) throws -> String {
        switch format {
        case .txt: text.hasSuffix("\n") ? text : text + "\n"
        case .srt: subRip
        case .vtt: webVTT
        case .json: try json
        case .md: markdown
        }
    }

    private var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(TranscriptFile(self)), as: UTF8.self) + "\n"
        }
    }
}

/// The `json` format. Its fields are stable: fields may be added, none is removed or changed.
private struct TranscriptFile: Encodable {
    let title: String
    let text: String
    let segments: [TranscriptSegment]
    let language: String?
    let duration: Double?

    init(_ document: TranscriptDocument) {
        title = document.title
        text = document.text
        segments = document.orderedSegments
        language = document.language
        // JSON has no word for infinity.
        duration = document.duration.flatMap { $0.isFinite ? $0 : nil }
    }
}

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

/// SubRip and WebVTT.
extension TranscriptDocument {
    /// SubRip knows no escapes: an arrow among the words is pulled apart, so that it is not read as times.
    var subRip: String {
        var text = ""
        for (number, cue) in cues.enumerated() {
            text += "\(number + 1)\n"
            text += "\(Cue.time(cue.start, separator: ",")) --> \(Cue.time(cue.end, separator: ","))\n"
            for line in cue.lines { text += line.replacing("-->", with: "-- >") + "\n" }
            text += "\n"
        }
        return text.isEmpty ? "\n" : text
    }

    /// https://www.w3.org/TR/webvtt1/#file-structure
    var webVTT: String {
        var text = "WEBVTT\n\n"
        for cue in cues {
            text += "\(Cue.time(cue.start, separator: ".")) --> \(Cue.time(cue.end, separator: "."))\n"
            for line in cue.lines { text += Self.escaped(line) + "\n" }
            text += "\n"
        }
        return text
    }

    private static func escaped(_ line: Substring) -> String {
        var text = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

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
