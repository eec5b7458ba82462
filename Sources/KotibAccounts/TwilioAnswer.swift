import FoundationEssentials
import KotibHTTP

/// What Twilio's answer to a message means.
struct TwilioAnswer {
    /// Twilio's body of an error (https://www.twilio.com/docs/usage/twilios-response).
    private struct Problem: Decodable {
        var code: Int?
        var message: String?
    }

    /// Codes of Twilio's dictionary (https://www.twilio.com/docs/api/errors) that concern every message alike.
    private enum Code {
        /// Wrong credentials; a suspended account; no such account.
        static let account: Set = [20003, 20005, 20404]
        /// No sender; one that is no number, not ours, or cannot send; no such messaging service, or an empty one.
        static let sender: Set = [21212, 21603, 21606, 21659, 21660, 21701, 21703]
        /// Too many requests; too many messages wait.
        static let later: Set = [20429, 21611]
    }

    /// Characters of Twilio's own words that are kept.
    private static let longestCause = 200

    private let response: HTTPResponse
    private let problem: Problem?

    init(_ response: HTTPResponse) {
        self.response = response
        problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body))
    }

    /// Nil where the message was taken. A success with a body that cannot be read is one all the same: sending
    /// again would be worse.
    func error(about phone: PhoneNumber, now: Date) -> SMSError? {
        if (200...299).contains(response.status) { return nil }
        let cause = cause(phone)
        let code = problem?.code ?? 0
        if Code.later.contains(code) || [429, 503].contains(response.status) {
            return .transient(cause, retryAfter: RetryAfter.delay(asked: response, now: now))
        }
        if Code.account.contains(code) { return .refused("the credentials or the account: \(cause)") }
        if Code.sender.contains(code) { return .refused("the sender: \(cause)") }
        switch response.status {
        // A redirection is not followed, and a proxy that wants credentials hands nothing on.
        case 300...399, 401, 404, 407: return .refused(cause)
        // The server, or one on the way, gave up in the midst of it.
        case 408, 500...599: return .unknownOutcome(cause)
        default: return .permanent(cause)
        }
    }

    /// Twilio's words name the number in full; logs have its end only.
    private func cause(_ phone: PhoneNumber) -> String {
        var cause = "HTTP \(response.status)"
        if let code = problem?.code { cause += ", code \(code)" }
        if let message = problem?.message {
            let words = message.replacing(phone.text, with: phone.description)
                .replacing(phone.digits, with: phone.description)
            cause += ": \(words.prefix(Self.longestCause))"
        }
        return cause
    }
}
