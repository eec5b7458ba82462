// KotibText: every sentence that a person reads, in all languages.

/// A sentence in all languages in which Kotib writes to people.
public struct Sentence: Hashable, Sendable {
    public let uzbek: String
    public let english: String
    let russian: String

    public init(uzbek: String, english: String, russian: String) {
        self.uzbek = uzbek
        self.english = english
        self.russian = russian
    }

    /// - Parameter text: the same sentence in each language.
    public init(_ text: (Language) -> String) {
        self.init(uzbek: text(.uzbek), english: text(.english), russian: text(.russian))
    }

    public func text(in language: Language) -> String {
        switch language {
        case .uzbek: uzbek
        case .english: english
        case .russian: russian
        }
    }
}

extension Sentence: CustomStringConvertible {
    /// In English, for the log.
    public var description: String { english }
}

/// The languages in which Kotib writes to people. The raw value is ISO 639-1.
public enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case uzbek = "uz"
    case russian = "ru"
}
