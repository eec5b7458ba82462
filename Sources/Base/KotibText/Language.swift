// KotibText: every sentence that a person reads, in all languages.

/// The languages in which Kotib writes to people. The raw value is ISO 639-1.
public enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case uzbek = "uz"
    case russian = "ru"
}
