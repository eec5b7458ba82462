/// The codec of speech that is re-encoded for a server: 16 kHz, mono.
public enum SpeechCodec: String, Hashable, Sendable, Codable, CaseIterable {
    /// In Ogg (RFC 7845).
    case opus
    /// In a file of its own kind (RFC 9639), 16 bits.
    case flac

    /// The file name extension.
    public var fileExtension: String {
        switch self {
        case .opus: "ogg"
        case .flac: "flac"
        }
    }
}

public struct EncodeRequest: Hashable, Sendable, Codable {
    public var request: UInt64
    /// libav's name of the container that inspection found: the only demuxer that may open the file.
    public var container: String
    public var codec: SpeechCodec
    /// Bits a second; of no meaning for FLAC.
    public var bitRate: Int
    /// Seconds; decoding ends there.
    public var longestDuration: Double
    /// Bytes of the buffer.
    public var capacity: Int64

    public init(
        request: UInt64, container: String, codec: SpeechCodec, bitRate: Int, longestDuration: Double,
        capacity: Int64
    ) {
        self.request = request
        self.container = container
        self.codec = codec
        self.bitRate = bitRate
        self.longestDuration = longestDuration
        self.capacity = capacity
    }
}

public struct EncodingSummary: Hashable, Sendable, Codable {
    /// Bytes at the buffer's beginning that are the file.
    public var size: Int64
    /// Seconds of audio in it.
    public var duration: Double
    /// Voices that speak at once, such as the parties of a call, follow one another: this many parts, each as
    /// long as the recording.
    public var parts: Int
    /// Whether adding up all channels of the recording, as servers do, sounds the same: no channel was chosen
    /// or inverted, no level changed.
    public var isPlain: Bool

    public init(size: Int64, duration: Double, parts: Int = 1, isPlain: Bool = false) {
        self.size = size
        self.duration = duration
        self.parts = parts
        self.isPlain = isPlain
    }
}
