/// A warning about a recording that was transcribed nevertheless. The catalog, the API and logs name it by
/// its code.
public struct RecordingWarning: Hashable, Sendable {
    /// The raw values stand in the catalog and the API.
    public enum Code: String, Sendable, CaseIterable {
        /// There is speech, but no words remained.
        case speechWithoutWords = "speech_without_words"
        /// There is sound, or may be, but no speech was found.
        case noSpeechHeard = "no_speech_heard"
        /// Words were discarded because they were not credible.
        case soundSetAside = "sound_set_aside"
        /// The file holds less than its header says; it was transcribed as far as it goes.
        case shorterThanPromised = "shorter_than_promised"
        /// The file holds more sound than its header says; all of it was transcribed.
        case longerThanPromised = "longer_than_promised"
        /// A part of the file was never written: it holds zeros in the place of sound.
        case unwrittenPart = "unwritten_part"
        /// The sound goes over at once into zeros that last to its end: silence, or never written.
        case blankEnd = "blank_end"
        /// One of several audio tracks or channels cannot be decoded, or there are too many; the others were
        /// transcribed.
        case trackLeftOut = "track_left_out"
        /// One of several recordings, one behind the other, cannot be decoded; the others were heard.
        case recordingLeftOut = "recording_left_out"
    }

    public var code: Code
    /// Seconds of the recording that it concerns; nil where they are not known. Never negative, finite, and
    /// at most ``longest``.
    public var seconds: Double?

    /// Seconds (100 years): no recording is longer, and the number stays far from any overflow.
    public static let longest = 3_155_760_000.0
    /// The largest number of warnings of one recording: one of each code.
    public static var most: Int { Code.allCases.count }

    /// - Parameter seconds: nil is stored if it is negative, NaN or too large.
    public init(_ code: Code, seconds: Double? = nil) {
        self.code = code
        self.seconds = seconds.flatMap { (0...Self.longest).contains($0) ? $0 : nil }
    }
}

extension RecordingWarning.Code {
    /// Whether it explains why there are no words, so that it does not apply to a recording with words.
    public var explainsMissingWords: Bool { self == .speechWithoutWords || self == .noSpeechHeard }
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
    /// The first warning of each code: bounds the number that a worker reports.
    public var bounded: [RecordingWarning] {
        var seen: Set<RecordingWarning.Code> = []
        return filter { seen.insert($0.code).inserted }
    }
}
