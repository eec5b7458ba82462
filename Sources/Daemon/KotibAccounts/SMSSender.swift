/// Why a message did not go out. The texts are for logs; none holds a code.
public enum SMSError: Error, Hashable, Sendable {
    /// This message to this number never will.
    case permanent(String)
    /// The service refuses whatever we send, such as for wrong credentials: an administrator is needed.
    case refused(String)
    /// Nothing was sent; it may be tried again.
    case transient(String, retryAfter: Duration?)
    /// It may have gone out: never sent again, so that nobody gets it twice.
    case unknownOutcome(String)
}

/// Sends messages to phones.
public protocol SMSSender: Sendable {
    func send(_ text: String, to phone: PhoneNumber) async throws(SMSError)
}

/// What a message says.
public struct SMSText: Hashable, Sendable {
    static let placeholder = "{code}"
    private let template: String

    /// - Parameters:
    ///   - language: `uz`, `en` or `ru`; anything else is read as `uz`.
    ///   - template: instead of the language's own; without `{code}` in it, it is not taken.
    public init(language: String = "uz", template: String = "") {
        self.template =
            if template.contains(Self.placeholder) {
                template
            } else {
                switch language {
                case "en": "Your Kotib code is {code}. Enter it within 5 minutes."
                case "ru": "Код подтверждения: {code}. Введите его в течение 5 минут."
                default: "Tasdiqlash kodi: {code}. 5 daqiqa ichida kiriting."
                }
            }
    }

    func filled(with code: String) -> String {
        template.replacing(Self.placeholder, with: code)
    }
}
