/// What facts can be. A worker that was taken over by a file says anything.
extension AudioFacts {
    /// Seconds (ten years): no recording is longer, and the number stays far from any overflow.
    public static let longestDuration = 315_576_000.0
    /// What is said of a recording's kind where nothing better is known (RFC 2046, 4.5.1).
    public static let unknownMediaType = "application/octet-stream"

    /// Of channels, more than any container counts (WAVE: 16 bits).
    private static let channelCounts = 1...65_535
    /// Hertz; beyond what any codec of libav has.
    private static let sampleRates = 1...10_000_000

    /// The name of a field that is out of bounds; nil where all are what they can be.
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

    /// Whether so many seconds can be how long something lasts.
    public static func isDuration(_ seconds: Double) -> Bool { (0...longestDuration).contains(seconds) }

    /// The nearest number of seconds that something can last; 0 for what is no number.
    public static func bounded(_ seconds: Double) -> Double {
        seconds > 0 ? min(seconds, longestDuration) : 0
    }

    /// As they stand in a catalog into which an earlier version, that bounded nothing, may have written: what could
    /// do harm is replaced.
    public var repaired: AudioFacts {
        var facts = self
        if !BoundedText.isMediaType(mediaType) { facts.mediaType = Self.unknownMediaType }
        facts.duration = Self.bounded(duration)
        return facts
    }
}
