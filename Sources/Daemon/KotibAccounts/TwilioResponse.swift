import FoundationEssentials
import KotibHTTP

/// The meaning of Twilio's response to a message.
struct TwilioResponse {
    /// Twilio's body of an error (https://www.twilio.com/docs/usage/twilios-response).
    private struct Problem: Decodable {
        var code: Int?
        var message: String?
    }

    /// Codes of Twilio's dictionary (https://www.twilio.com/docs/api/errors) that the status alone does not
    /// tell from a fault of the recipient's number. Twilio splits and adds codes (its changelog of 10 July
    /// 2024), so the status decides first, and a code that is not here is the recipient's.
    private enum Code {
        /// The account is not active, wrong, suspended or missing (10001, 20003, 20005, 20404); may not send
        /// to that country (21408, Messaging Geo Permissions) or, on trial, to numbers that were not verified
        /// (21219, 21608); has had its messages of 24 hours (63038).
        static let account: Set = [10001, 10002, 20003, 20005, 20404, 21219, 21408, 21608, 63038]
        /// No sender; one that is no number, not ours, or cannot send; no such messaging service, or an empty
        /// one.
        static let sender: Set = [
            21212, 21401, 21601, 21603, 21606, 21607, 21657, 21659, 21660, 21661, 21701, 21703, 21705,
        ]
        /// Too many requests; too many messages wait (21611); out of service (20503), or maintained (21730):
        /// none of them was taken.
        static let later: Set = [20429, 20503, 21611, 21730]
    }

    /// Characters of Twilio's own words that are kept.
    private static let longestCause = 200

    private let response: HTTPResponse
    private let problem: Problem?

    init(_ response: HTTPResponse) {
        self.response = response
        problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body))
    }

    /// Nil if the message was accepted. A success with an unreadable body counts as one, since a second
    /// message would be worse.
    func error(about phone: PhoneNumber, now: Date) -> SMSError? {
        if (200...299).contains(response.status) { return nil }
        let cause = cause(phone)
        let code = problem?.code ?? 0
        if Code.account.contains(code) { return .refused("the credentials or the account: \(cause)") }
        if Code.sender.contains(code) { return .refused("the sender: \(cause)") }
        let later = RetryAfter.delay(asked: response, now: now)
        if Code.later.contains(code) || response.status == 429 || (response.status == 503 && later != nil) {
            return .transient(cause, retryAfter: later)
        }
        switch response.status {
        // A redirection is not followed, a proxy that wants credentials hands nothing on, and no number of a
        // recipient is forbidden.
        case 300...399, 401, 403, 404, 407: return .refused(cause)
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
