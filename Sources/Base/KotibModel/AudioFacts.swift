/// The facts that the worker found by reading a recording once.
public struct AudioFacts: Hashable, Sendable, Codable {
    /// The MIME type that libmagic gives, such as `audio/mpeg`.
    public var mediaType: String
    /// libav's short name of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    public var container: String
    /// libav's name of the audio codec, such as `mp3` or `pcm_s16le`.
    public var codec: String
    /// Seconds.
    public var duration: Double
    public var channels: Int
    /// Hertz.
    public var sampleRate: Int
    /// SHA-256 of the whole file, 32 bytes.
    public var sha256: [UInt8]
    /// Nil where no packet could be told apart, and for what was inspected before this was kept.
    public var sound: SoundIdentity?
    /// The sound that the inspection was given, if this one begins with all of it and is longer. Not kept in
    /// the catalog.
    public var continues: SoundIdentity?
    /// Warnings about the file.
    public var warnings: [RecordingWarning]
    /// Whether what is decoded is not the file as it stands: fields of its header are put right, numbers
    /// turned or bytes around it left out, so that another decoder may hear something else.
    public var isPatched: Bool

    public init(
        mediaType: String, container: String, codec: String, duration: Double, channels: Int,
        sampleRate: Int, sha256: [UInt8], sound: SoundIdentity? = nil, continues: SoundIdentity? = nil,
        warnings: [RecordingWarning] = [], isPatched: Bool = false
    ) {
        self.mediaType = mediaType
        self.container = container
        self.codec = codec
        self.duration = duration
        self.channels = channels
        self.sampleRate = sampleRate
        self.sha256 = sha256
        self.sound = sound
        self.continues = continues
        self.warnings = warnings
        self.isPatched = isPatched
    }

    /// Whether `other` is the same recording: the same file, or the same sound with other tags.
    public func isSameRecording(as other: AudioFacts) -> Bool {
        sha256 == other.sha256 || (sound != nil && sound == other.sound)
    }
}

/// Bounds of the facts. A worker that a file has taken over may report anything.
extension AudioFacts {
    /// Seconds (ten years): no recording is longer, and the number stays far from any overflow.
    public static let longestDuration = 315_576_000.0
    /// The media type of a recording whose kind is unknown (RFC 2046, 4.5.1).
    public static let unknownMediaType = "application/octet-stream"

    /// Of channels, more than any container counts (WAVE: 16 bits).
    private static let channelCounts = 1...65_535
    /// Hertz; beyond what any codec of libav has.
    private static let sampleRates = 1...10_000_000

    /// The name of a field that is out of bounds; nil if none is.
    public var fault: String? {
        if !BoundedText.isMediaType(mediaType) { return "mediaType" }
        if !BoundedText.isLibavName(container) { return "container" }
        if !BoundedText.isLibavName(codec) { return "codec" }
        if !Self.isDuration(duration) { return "duration" }
        if !Self.channelCounts.contains(channels) { return "channels" }
        if !Self.sampleRates.contains(sampleRate) { return "sampleRate" }
        if sha256.count != 32 { return "sha256" }
        if sound.map({ !$0.isPossible }) ?? false { return "sound" }
        if continues.map({ !$0.isPossible }) ?? false { return "continues" }
        return warnings.count > RecordingWarning.most ? "warnings" : nil
    }

    /// Whether `seconds` can be a duration.
    public static func isDuration(_ seconds: Double) -> Bool { (0...longestDuration).contains(seconds) }

    /// The nearest valid duration in seconds; 0 for NaN.
    public static func bounded(_ seconds: Double) -> Double {
        seconds > 0 ? min(seconds, longestDuration) : 0
    }

    /// The facts with harmful values replaced. An earlier version, which checked no bounds, may have written
    /// them to the catalog.
    public var repaired: AudioFacts {
        var facts = self
        if !BoundedText.isMediaType(mediaType) { facts.mediaType = Self.unknownMediaType }
        facts.duration = Self.bounded(duration)
        return facts
    }
}
