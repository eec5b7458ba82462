import KotibModel

/// An engine of the queue, with job slots of its own. An engine that is out of service, or has a long
/// recording, does not delay the jobs of another.
public struct EngineLane: Sendable {
    public var engine: any TranscriptionEngine
    /// The number of jobs at once.
    public var slots: Int
    /// ISO 639-1, or nil to detect.
    public var language: String?

    public init(engine: any TranscriptionEngine, slots: Int = 1, language: String? = nil) {
        self.engine = engine
        self.slots = slots
        self.language = language
    }
}

/// The settings of a user and of a folder that apply to one recording.
public struct JobSettings: Hashable, Sendable {
    /// Nil for the language of the engine's settings.
    var language: SpokenLanguage?
    /// Nil for the daemon's engine.
    var engine: EngineName?

    public init(language: SpokenLanguage? = nil, engine: EngineName? = nil) {
        self.language = language
        self.engine = engine
    }
}

extension EngineLane {
    /// Whether the lane may have a recording whose user has chosen an engine.
    enum Eligibility: Hashable {
        case serves
        /// The chosen engine is not configured, and this one is used instead.
        case fallback(chosen: EngineName)
        /// The user was given another engine since the recording was claimed.
        case reassigned
        /// The user's recordings must stay on this machine.
        case forbidden(chosen: EngineName)
    }

    /// - Parameter names: the names of all engines that are configured.
    func eligibility(for chosen: EngineName?, among names: [String]) -> Eligibility {
        guard let chosen, chosen.rawValue != engine.name else { return .serves }
        if names.contains(chosen.rawValue) { return .reassigned }
        // Audio that must stay on this machine does, whatever else the configuration says.
        return chosen.isRemote ? .fallback(chosen: chosen) : .forbidden(chosen: chosen)
    }
}
