/// The languages that kotibctl speaks.
enum Language: String, CaseIterable, Sendable {
    case uzbek = "uz"
    case english = "en"
    case russian = "ru"

    /// As locale(7) says: the first of LC_ALL, LC_MESSAGES and LANG that is not empty decides. English for
    /// any other language, and where there is none.
    init(environment: [String: String]) {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy
            .compactMap { environment[$0] }.first { !$0.isEmpty }
        let tag = (locale ?? "").prefix { $0.isASCII && $0.isLetter }.lowercased()
        self = Language(rawValue: tag) ?? .english
    }
}

/// Messages for people, each in all three languages. Each command's are below it; those that
/// commands share, in Phrases.swift.
struct Phrase: Hashable, Sendable {
    let uzbek: String
    let english: String
    let russian: String

    func text(in language: Language) -> String {
        switch language {
        case .uzbek: uzbek
        case .english: english
        case .russian: russian
        }
    }
}
