/// What the worker found out about a recording by reading it once.
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
    /// The sound that the inspection was told of, where this one begins with all of it and goes on. Not kept in the
    /// catalog.
    public var continues: SoundIdentity?
    /// What is doubtful about the file.
    public var warnings: [RecordingWarning]

    public init(
        mediaType: String, container: String, codec: String, duration: Double, channels: Int,
        sampleRate: Int, sha256: [UInt8], sound: SoundIdentity? = nil, continues: SoundIdentity? = nil,
        warnings: [RecordingWarning] = []
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
    }

    /// Whether `other` is the same recording: the same file, or the same sound with other tags.
    public func isSameRecording(as other: AudioFacts) -> Bool {
        sha256 == other.sha256 || (sound != nil && sound == other.sound)
    }
}
