import FoundationEssentials
import KotibCrypto

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
