/// Something that a person should know about a recording that was transcribed nevertheless. Stands in the
/// catalog, in the API and in logs by its code.
public struct RecordingWarning: Hashable, Sendable {
    /// The raw values stand in the catalog and the API.
    public enum Code: String, Sendable, CaseIterable {
        /// Somebody speaks, and no words remained.
        case speechWithoutWords = "speech_without_words"
        /// There is sound, or may be, and nobody was heard to speak in it.
        case noSpeechHeard = "no_speech_heard"
        /// Sound that is no silence gave words that were not believed.
        case soundSetAside = "sound_set_aside"
        /// The header promises more than the file holds; it was taken as far as it goes.
        case shorterThanPromised = "shorter_than_promised"
        /// The file holds more sound than its header says; all of it was heard.
        case longerThanPromised = "longer_than_promised"
        /// A part of the file was never written: zeros where sound was to be.
        case unwrittenPart = "unwritten_part"
        /// The sound goes over at once into zeros that last to its end: silence, or never written.
        case blankEnd = "blank_end"
        /// One of several audio tracks cannot be decoded; the others were heard.
        case trackLeftOut = "track_left_out"
    }

    public var code: Code
    /// Seconds of the recording that it concerns; nil where they are not known. Never negative, finite, and
    /// at most ``longest``.
    public var seconds: Double?

    /// Seconds (100 years): no recording is longer, and the number stays far from any overflow.
    public static let longest = 3_155_760_000.0
    /// How many one recording can have: one of each code.
    public static var most: Int { Code.allCases.count }

    /// - Parameter seconds: made nil where it is negative, no number or too large.
    public init(_ code: Code, seconds: Double? = nil) {
        self.code = code
        self.seconds = seconds.flatMap { (0...Self.longest).contains($0) ? $0 : nil }
    }
}

extension RecordingWarning.Code {
    /// Whether it says why there are no words: of a recording that has some it is not true.
    public var tellsOfNoWords: Bool { self == .speechWithoutWords || self == .noSpeechHeard }
}

extension RecordingWarning: Codable {
    private enum CodingKeys: String, CodingKey { case code, seconds }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let name = try fields.decode(String.self, forKey: .code)
        guard let code = Code(rawValue: name) else {
            throw DecodingError.dataCorruptedError(
                forKey: .code, in: fields, debugDescription: "unknown warning")
        }
        self.init(code, seconds: try fields.decodeIfPresent(Double.self, forKey: .seconds))
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(code.rawValue, forKey: .code)
        try fields.encodeIfPresent(seconds, forKey: .seconds)
    }
}

extension [RecordingWarning] {
    /// At most one of each code, the first: what a worker says is bounded so.
    public var bounded: [RecordingWarning] {
        var seen: Set<RecordingWarning.Code> = []
        return filter { seen.insert($0.code).inserted }
    }
}
