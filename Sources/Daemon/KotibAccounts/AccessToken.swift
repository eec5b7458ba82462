import FoundationEssentials
import KotibCrypto
import KotibModel

/// The claims of a token (RFC 7519).
private struct AccessClaims: Codable {
    static let party = "kotib"

    var sub: String
    /// Seconds since 1970, as `iat`.
    var exp: Double
    var iat: Double
    var iss = party
    var aud = party
    var jti: String

    /// The user; nil if the token was issued by or for another service.
    var user: UserID? {
        guard iss == Self.party, aud == Self.party else { return nil }
        return Int64(sub).map(UserID.init(rawValue:))
    }
}

/// The first part of a token (RFC 7515, 4.1).
private struct TokenHeader: Codable {
    static let algorithm = "HS256"

    var alg = algorithm
    var typ: String? = "JWT"
}

/// Signs and checks tokens: JSON Web Tokens by HS256 (RFC 7515, appendix A.1) and nothing else, whatever a
/// token's header asks for.
struct AccessTokens: Sendable {
    /// Bytes. Valid tokens have about 300; a longer one is not decoded.
    static let longest = 2048
    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// 128 random bits.
    static func newID(using random: inout some RandomNumberGenerator) -> String {
        let halves = [random.next(), random.next()].map { (half: UInt64) in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return halves.joined()
    }

    func sign(_ id: String, of user: UserID, issued: Date, expires: Date) throws -> String {
        let claims = AccessClaims(
            sub: String(user.rawValue), exp: expires.timeIntervalSince1970, iat: issued.timeIntervalSince1970,
            jti: id)
        let encoder = JSONEncoder()
        let signed = [try encoder.encode(TokenHeader()), try encoder.encode(claims)]
            .map(Self.base64URL).joined(separator: ".")
        let code = key.authenticationCode(for: Array(signed.utf8))
        return "\(signed).\(Self.base64URL(Data(code)))"
    }

    /// The token's `jti` and user; nil if it is forged, has expired or is another service's.
    func check(_ token: String, now: Date) -> (id: String, user: UserID)? {
        guard let claims = read(token), let user = claims.user, claims.exp > now.timeIntervalSince1970 else {
            return nil
        }
        return (claims.jti, user)
    }

    /// The user that the token was issued to, even if it has expired or was revoked.
    func formerUser(_ token: String) -> UserID? {
        read(token)?.user
    }

    /// The claims of a token that this key has signed.
    private func read(_ token: String) -> AccessClaims? {
        guard token.utf8.count <= Self.longest, Self.isCompactForm(token) else { return nil }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        let signed = token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count)
        guard let code = Self.bytes(parts[2]),
            key.isValid(Array(code), for: Array(signed)),
            let header = Self.bytes(parts[0]).flatMap({
                try? JSONDecoder().decode(TokenHeader.self, from: $0)
            }),
            header.alg == TokenHeader.algorithm
        else { return nil }
        return Self.bytes(parts[1]).flatMap { try? JSONDecoder().decode(AccessClaims.self, from: $0) }
    }

    /// RFC 7515, appendix C.
    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    private static func bytes(_ part: Substring) -> Data? {
        let padding = String(repeating: "=", count: (4 - part.utf8.count % 4) % 4)
        return Data(base64Encoded: part.replacing("-", with: "+").replacing("_", with: "/") + padding)
    }

    /// Three parts in the one base64url that their bytes have (RFC 7515, section 2; RFC 4648, 3.5): without
    /// padding and blanks, and with no bits set that belong to no byte. Foundation's decoder takes many
    /// spellings of one token.
    static func isCompactForm(_ token: String) -> Bool {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.count == 3 && parts.allSatisfy { isCanonical($0) }
    }

    private static func isCanonical(_ part: Substring.UTF8View) -> Bool {
        guard let last = part.last, part.allSatisfy({ sextet($0) != nil }) else { return false }
        switch part.count % 4 {
        case 0: return true
        case 2: return sextet(last).map { $0 & 0b1111 == 0 } ?? false
        case 3: return sextet(last).map { $0 & 0b11 == 0 } ?? false
        default: return false
        }
    }

    /// RFC 4648, table 2.
    private static func sextet(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
