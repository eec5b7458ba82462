/// How a transcript is written down. The raw values are the endings of sidecars and the values of `format=`.
public enum TranscriptFormat: String, Sendable, Codable, CaseIterable {
    case txt, srt, vtt, json, md
}

/// What a person has chosen for their recordings.
public struct UserSettings: Hashable, Sendable {
    /// What is written beside a recording; `txt` unless told otherwise.
    public var sidecars: [TranscriptFormat]
    /// ISO 639-1; nil for the daemon's setting.
    public var language: String?
    /// Nil for the daemon's setting.
    public var engine: EngineName?

    public init(
        sidecars: [TranscriptFormat] = [.txt], language: String? = nil, engine: EngineName? = nil
    ) {
        self.sidecars = sidecars
        self.language = language
        self.engine = engine
    }
}
