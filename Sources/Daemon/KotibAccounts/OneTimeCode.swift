import FoundationEssentials
import KotibCrypto

/// Makes codes of six digits, and the keyed hashes under which they are kept.
struct OneTimeCodes: Sendable {
    let key: SymmetricKey

    /// Every code as likely as any other: `random(in:)` draws again rather than take a remainder.
    static func next(using random: inout some RandomNumberGenerator) -> String {
        let digits = String(Int.random(in: 0...999_999, using: &random))
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// HMAC-SHA256 of number and code, in Base64. The number is of a fixed alphabet, so NUL parts them.
    func hash(_ code: String, of phone: PhoneNumber) -> String {
        let message = Array("\(phone.text)\u{0}\(code)".utf8)
        return Data(key.authenticationCode(for: message)).base64EncodedString()
    }
}
