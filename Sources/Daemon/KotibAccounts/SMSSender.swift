import KotibText

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

/// The text of a message with a code.
public struct SMSText: Hashable, Sendable {
    private let template: String

    /// - Parameter template: instead of the language's own; without `{code}` in it, it is not taken.
    public init(language: Language = .uzbek, template: String = "") {
        let isUsable = template.contains(Sentence.codePlaceholder)
        self.template = isUsable ? template : Sentence.codeMessage.text(in: language)
    }

    func filled(with code: String) -> String {
        template.replacing(Sentence.codePlaceholder, with: code)
    }
}
