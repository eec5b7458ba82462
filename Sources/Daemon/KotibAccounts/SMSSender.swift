import KotibText

/// The reason why a message was not sent. The texts are for logs; none holds a code.
public enum SMSError: Error, Hashable, Sendable {
    /// This message can never be sent to this number.
    case permanent(String)
    /// The service refuses every message, as for wrong credentials: an administrator is needed.
    case refused(String)
    /// Nothing was sent; to be retried.
    case transient(String, retryAfter: Duration?)
    /// It may have been sent. Never retried, so that nobody gets it twice.
    case unknownOutcome(String)
}

/// Sends messages to phones.
public protocol SMSSender: Sendable {
    func send(_ text: String, to phone: PhoneNumber) async throws(SMSError)
}

/// The text of a message with a code.
public struct CodeMessage: Hashable, Sendable {
    private let template: String

    /// - Parameter template: used instead of the language's own text; ignored without `{code}` in it.
    public init(language: Language = .uzbek, template: String = "") {
        let isUsable = template.contains(Sentence.codePlaceholder)
        self.template = isUsable ? template : Sentence.codeMessage.text(in: language)
    }

    func filled(with code: String) -> String {
        template.replacing(Sentence.codePlaceholder, with: code)
    }
}
