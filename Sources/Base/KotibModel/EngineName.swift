/// The name of an engine. The raw values are used in the configuration and in the catalog.
public enum EngineName: String, Sendable, Codable, CaseIterable {
    /// Whisper in worker processes of this machine.
    case local
    /// OpenAI's service, or another that speaks its API.
    case openai

    /// Whether recordings leave this machine.
    public var isRemote: Bool { self == .openai }
}

/// Identifies a speech model by name and content.
public struct ModelIdentity: Hashable, Sendable {
    /// The name in transcripts, such as `base-q8_0`.
    public var name: String
    /// SHA-256 of the model's file; nil for a server's model, of which only the name is known.
    public var sha256: [UInt8]?

    public init(name: String, sha256: [UInt8]? = nil) {
        self.name = name
        self.sha256 = sha256
    }
}
