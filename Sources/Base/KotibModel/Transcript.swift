/// A stretch of speech and its words.
public struct TranscriptSegment: Hashable, Sendable, Codable {
    /// Seconds from the start of the recording.
    public var start: Double
    /// Seconds from the start of the recording.
    public var end: Double
    public var text: String

    public init(start: Double, end: Double, text: String) {
        self.start = start
        self.end = end
        self.text = text
    }
}

/// The words of one recording, as an engine gave them.
public struct Transcript: Hashable, Sendable, Codable {
    /// Empty where nobody speaks.
    public var text: String
    /// Empty where the engine gives no times.
    public var segments: [TranscriptSegment]
    /// ISO 639-1, where the engine says which language it heard.
    public var language: String?
    /// The engine's name in the configuration: `local` or `openai`.
    public var engine: String
    /// The model's name, such as `base-q8_0` or `whisper-1`.
    public var model: String

    public init(
        text: String, segments: [TranscriptSegment], language: String?, engine: String, model: String
    ) {
        self.text = text
        self.segments = segments
        self.language = language
        self.engine = engine
        self.model = model
    }
}
