import FoundationEssentials

/// A transcript with all that a written form of it says.
public struct TranscriptDocument: Hashable, Sendable {
    /// The recording's name, for people.
    public var title: String
    public var text: String
    /// Empty where the engine gave no times: all the words then span the whole recording.
    public var segments: [TranscriptSegment]
    /// ISO 639-1.
    public var language: String?
    /// Seconds.
    public var duration: Double?

    public init(
        title: String, text: String, segments: [TranscriptSegment], language: String?, duration: Double?
    ) {
        self.title = title
        self.text = text
        self.segments = segments
        self.language = language
        self.duration = duration
    }

    /// The whole file's content; ends with a newline.
    /// - Throws: what `JSONEncoder` throws; every other form always can be written.
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

/// The `json` form. Its fields are stable: more may come, none goes or changes.
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
