import FoundationEssentials
import KotibHTTP

/// Sends by Twilio's Messages resource (https://www.twilio.com/docs/messaging/api/message-resource).
public struct TwilioSender: SMSSender {
    public struct Settings: Sendable {
        /// Without a slash at the end.
        public var baseURL: String
        public var accountSID: String
        public var authToken: String
        /// The sender of messages: a number in the form of E.164, or a name.
        public var from: String
        /// Instead of ``from``, if not empty: the SID of a messaging service, which chooses the number.
        public var messagingService: String

        public init(
            baseURL: String = "https://api.twilio.com", accountSID: String, authToken: String, from: String,
            messagingService: String = ""
        ) {
            self.baseURL = baseURL
            self.accountSID = accountSID
            self.authToken = authToken
            self.from = from
            self.messagingService = messagingService
        }
    }

    /// A code is good for 5 minutes; who waits for it has asked again long before a slower limit.
    private static let limits = HTTPLimits(
        connect: .seconds(10), stall: .seconds(20), total: .seconds(30), answer: 64 << 10)

    private let settings: Settings
    private let transfers: HTTPClient
    private let now: @Sendable () -> Date

    public init(
        _ settings: Settings, transfers: HTTPClient, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.settings = settings
        self.transfers = transfers
        self.now = now
    }

    public func send(_ text: String, to phone: PhoneNumber) async throws(SMSError) {
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await transfers.perform(request(text, to: phone))
        } catch {
            throw Self.error(error)
        }
        if let error = TwilioResponse(response).error(about: phone, now: now()) { throw error }
    }

    private func request(_ text: String, to phone: PhoneNumber) -> HTTPRequest {
        let sender =
            settings.messagingService.isEmpty
            ? ("From", settings.from) : ("MessagingServiceSid", settings.messagingService)
        let form = [("To", phone.text), sender, ("Body", text)]
            .map { "\($0.0)=\(Self.encoded($0.1))" }.joined(separator: "&")
        let credentials = Data("\(settings.accountSID):\(settings.authToken)".utf8).base64EncodedString()
        let account = Self.encoded(settings.accountSID)
        return HTTPRequest(
            url: "\(settings.baseURL)/2010-04-01/Accounts/\(account)/Messages.json",
            headers: [("Authorization", "Basic \(credentials)"), ("Accept", "application/json")],
            body: .bytes(Array(form.utf8), contentType: "application/x-www-form-urlencoded"),
            limits: Self.limits, isRepeatable: false)
    }

    /// All but the unreserved characters of RFC 3986 as `%XX`, which every reader of forms understands.
    private static func encoded(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return result
    }

    /// Only of a request that never left is it known that nobody got a message.
    private static func error(_ error: HTTPError) -> SMSError {
        switch error {
        case .invalid(let detail): .refused("twilio's settings make no request: \(detail)")
        case .unreachable(let detail): .transient(detail, retryAfter: nil)
        case .timedOut(let detail), .broken(let detail): .unknownOutcome(detail)
        case .tooLarge, .unreadableFile, .cancelled, .closed: .unknownOutcome("\(error)")
        }
    }
}
