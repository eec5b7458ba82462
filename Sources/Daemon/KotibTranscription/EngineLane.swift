import KotibModel

/// An engine of the queue's, and what it does at once. An engine that is out of service, or has a long recording,
/// holds up nobody whom another serves.
public struct EngineLane: Sendable {
    public var engine: any TranscriptionEngine
    /// Jobs at once.
    public var slots: Int
    /// ISO 639-1, or nil to detect.
    public var language: String?

    public init(engine: any TranscriptionEngine, slots: Int = 1, language: String? = nil) {
        self.engine = engine
        self.slots = slots
        self.language = language
    }
}

/// What holds for one recording, of what its user can choose and say of its folder.
public struct RecordingChoices: Hashable, Sendable {
    /// Nil for the language of the engine's settings.
    public var language: SpokenLanguage?
    /// Nil for the daemon's engine.
    public var engine: EngineName?

    public init(language: SpokenLanguage? = nil, engine: EngineName? = nil) {
        self.language = language
        self.engine = engine
    }
}

extension EngineLane {
    /// What to do with a recording whose user has chosen an engine.
    enum Fitness: Hashable {
        case serves
        /// The chosen engine is not there, and this one does instead.
        case standsIn(chosen: EngineName)
        /// The user was given another engine since the recording was claimed.
        case isAnothers
        /// The recording was to stay on this machine.
        case mayNot(chosen: EngineName)
    }

    /// - Parameter names: of all engines that there are.
    func fitness(for chosen: EngineName?, among names: [String]) -> Fitness {
        guard let chosen, chosen.rawValue != engine.name else { return .serves }
        if names.contains(chosen.rawValue) { return .isAnothers }
        // What may not leave the house does not, whatever else the configuration says.
        return chosen.isRemote ? .standsIn(chosen: chosen) : .mayNot(chosen: chosen)
    }
}
