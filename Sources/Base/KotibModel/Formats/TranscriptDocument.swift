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
