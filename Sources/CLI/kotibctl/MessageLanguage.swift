import KotibText

extension Language {
    /// The first of LC_ALL, LC_MESSAGES and LANG that is not empty decides (locale(7)). English for any other
    /// language, or if none is set.
    init(environment: [String: String]) {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy
            .compactMap { environment[$0] }.first { !$0.isEmpty }
        let tag = (locale ?? "").prefix { $0.isASCII && $0.isLetter }.lowercased()
        self = Language(rawValue: tag) ?? .english
    }
}
