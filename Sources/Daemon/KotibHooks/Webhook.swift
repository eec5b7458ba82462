import FoundationEssentials
import KotibCatalog
import KotibCrypto
import KotibHTTP
import KotibModel

/// Sends each event to a server: a POST with the JSON, signed as the Standard Webhooks specification has it.
public struct Webhook: HookReceiving {
    public let name = HookReceiver.webhook

    private let url: String
    private let secret: WebhookSecret
    private let limits: HTTPLimits
    private let transfers: HTTPClient
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - url: one in which ``WebhookAddress`` finds no fault.
    ///   - limit: for one request.
    public init(
        _ url: String, secret: WebhookSecret, limit: Duration, transfers: HTTPClient,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.url = url
        self.secret = secret
        self.transfers = transfers
        self.now = now
        // The response's body is not used.
        limits = HTTPLimits(connect: min(limit, .seconds(10)), stall: limit, total: limit, answer: 1 << 20)
    }

    public func deliver(_ message: HookMessage) async -> HookOutcome {
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await transfers.perform(request(message))
        } catch {
            return Self.outcome(of: error)
        }
        return Self.outcome(of: response, now: now())
    }

    private func request(_ message: HookMessage) -> HTTPRequest {
        let timestamp = Int64(nearest: now().timeIntervalSince1970.rounded(.down))
        let id = message.event.id
        return HTTPRequest(
            url: url,
            headers: [
                ("webhook-id", id), ("webhook-timestamp", "\(timestamp)"),
                ("webhook-signature", secret.signature(id: id, timestamp: timestamp, body: message.json)),
            ],
            body: .bytes(message.json, contentType: "application/json"), limits: limits)
    }

    /// A client error is permanent, except for the temporary ones of RFC 9110 and 6585 (408, 425, 429).
    /// Redirects are not followed, so that nothing is sent to a server that the administrator did not name.
    static func outcome(of response: HTTPResponse, now: Date) -> HookOutcome {
        let answer = "the server answered with status \(response.status)"
        switch response.status {
        case 200..<300: return .delivered
        case 300..<400:
            return .later("\(answer), a redirect, which is not followed; set its target", retryAfter: nil)
        case 429, 503: return .later(answer, retryAfter: RetryAfter.delay(asked: response, now: now))
        case 408, 425: return .later(answer, retryAfter: nil)
        case 400..<500: return .failed(answer)
        default: return .later(answer, retryAfter: nil)
        }
    }

    private static func outcome(of error: HTTPError) -> HookOutcome {
        switch error {
        case .cancelled, .closed: .stopped
        // It was told, and would answer the same again.
        case .tooLarge(let limit): .failed("the server answered with more than \(limit) bytes")
        case .invalid(let detail), .unreachable(let detail), .timedOut(let detail), .broken(let detail):
            .later(detail, retryAfter: nil)
        case .unreadableFile(let detail): .later(detail, retryAfter: nil)
        }
    }
}

/// The key that webhooks are signed with, as the Standard Webhooks specification has it
/// (https://github.com/standard-webhooks/standard-webhooks): `whsec_` and 24 to 64 bytes in base64.
public struct WebhookSecret: Sendable {
    private static let prefix = "whsec_"
    private static let sizes = 24...64

    private let key: SymmetricKey

    /// Nil where `text` is no such secret.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
            Self.sizes.contains(bytes.count)
        else { return nil }
        key = SymmetricKey(Array(bytes))
    }

    /// The value of the header `webhook-signature`.
    /// - Parameter timestamp: seconds since 1970, the value of the header `webhook-timestamp`.
    func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let code = key.authenticationCode(for: Array("\(id).\(timestamp).".utf8), body)
        return "v1," + Data(code).base64EncodedString()
    }
}

/// The URL of webhooks.
public enum WebhookAddress {
    public enum Fault: Hashable, Sendable {
        /// It is no URL of the schemes `https` and `http`, or it holds a user's name.
        case malformed
        /// Unencrypted requests could be read and changed on the way.
        case unencrypted
    }

    /// The problem with a URL. Nil if it is usable.
    /// - Parameter plain: whether `http` to other machines is allowed.
    public static func fault(of url: String, plain: Bool) -> Fault? {
        let isEncrypted = url.hasPrefix("https://")
        guard isEncrypted || url.hasPrefix("http://"),
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return .malformed }
        let authority = url.drop { $0 != "/" }.dropFirst(2).prefix { !"/?#\\".contains($0) }
        guard !authority.isEmpty, !authority.contains("@"), authority.first != ":" else { return .malformed }
        return isEncrypted || plain || isLoopback(authority) ? nil : .unencrypted
    }

    private static func isLoopback(_ authority: Substring) -> Bool {
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.prefix { $0 != ":" }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host == "localhost" || numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
