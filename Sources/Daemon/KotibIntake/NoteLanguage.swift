/// The languages in which Kotib writes to people. The raw value is ISO 639-1.
public enum NoteLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case uzbek = "uz"
    case russian = "ru"
}
