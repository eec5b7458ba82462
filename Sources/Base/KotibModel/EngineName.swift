/// The name of an engine. The raw values are used in the configuration and in the catalog.
public enum EngineName: String, Sendable, Codable, CaseIterable {
    /// Whisper in worker processes of this machine.
    case local
    /// OpenAI's service, or another that speaks its API.
    case openai

    /// Whether recordings leave this machine.
    public var isRemote: Bool { self == .openai }
}
