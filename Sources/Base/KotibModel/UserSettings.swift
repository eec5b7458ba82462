/// The format of a written transcript. The raw values are the extensions of sidecars and the values of
/// `format=`.
public enum TranscriptFormat: String, Sendable, Codable, CaseIterable {
    case txt, srt, vtt, json, md
}

/// A user's settings for their recordings.
public struct UserSettings: Hashable, Sendable {
    /// The formats written beside a recording; `txt` by default.
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
