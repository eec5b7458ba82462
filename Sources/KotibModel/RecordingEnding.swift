/// The endings of names that Kotib knows the content of. Which of them are taken is a setting.
public enum RecordingEnding: String, CaseIterable, Sendable {
    case mp3, wav, m4a, flac
    /// Telegram's and WhatsApp's voice messages, and what browsers and phones record.
    case ogg, oga, opus, webm, aac, amr
    case threeGP = "3gp"
    case mp4, mov, wma

    /// With or without a leading dot, any case; nil for one that Kotib does not know.
    public init?(_ text: String) {
        self.init(rawValue: text.drop { $0 == "." }.lowercased())
    }
}
