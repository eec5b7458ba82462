import Crypto
import FoundationEssentials
import JWTKit
import KotibModel

/// What a token says (RFC 7519).
struct AccessClaims: JWTPayload {
    static let party = "kotib"

    var sub: SubjectClaim
    var exp: ExpirationClaim
    var iat: IssuedAtClaim
    var iss: IssuerClaim
    /// Not JWTKit's `AudienceClaim`, which an empty list brings down with the whole process.
    var aud: String
    var jti: IDClaim

    func verify(using algorithm: some JWTAlgorithm) throws {
        guard iss.value == Self.party, aud == Self.party else {
            throw JWTError.claimVerificationFailure(failedClaim: iss, reason: "another issuer or audience")
        }
    }
}

/// Signs and checks tokens: HS256 and nothing else, whatever a token's header asks for.
struct AccessTokens: Sendable {
    /// Bytes. Ours have about 300; what is longer is not even decoded.
    static let longest = 2048
    private let keys: JWTKeyCollection

    init(key: SymmetricKey) async {
        keys = await JWTKeyCollection().add(hmac: HMACKey(key: key), digestAlgorithm: .sha256)
    }

    /// 128 random bits.
    static func newID(using random: inout some RandomNumberGenerator) -> String {
        let halves = [random.next(), random.next()].map { (half: UInt64) in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return halves.joined()
    }

    func sign(_ id: String, of user: UserID, issued: Date, expires: Date) async throws -> String {
        try await keys.sign(
            AccessClaims(
                sub: SubjectClaim(value: String(user.rawValue)), exp: ExpirationClaim(value: expires),
                iat: IssuedAtClaim(value: issued), iss: IssuerClaim(value: AccessClaims.party),
                aud: AccessClaims.party, jti: IDClaim(value: id)))
    }

    /// The token's `jti` and user; nil where it is forged, has ended or is another's.
    func check(_ token: String, now: Date) async -> (id: String, user: UserID)? {
        guard let (claims, user) = await read(token), claims.exp.value > now else { return nil }
        return (claims.jti.value, user)
    }

    /// The user that the token was issued to, also where it has expired or was revoked.
    func formerUser(_ token: String) async -> UserID? {
        await read(token)?.user
    }

    private func read(_ token: String) async -> (claims: AccessClaims, user: UserID)? {
        guard token.utf8.count <= Self.longest, Self.isCompactForm(token) else { return nil }
        let bytes = Array(token.utf8)
        guard let claims = try? await keys.verify(bytes, as: AccessClaims.self),
            let header = try? DefaultJWTParser().parse(bytes, as: AccessClaims.self).header,
            header.alg == "HS256", let user = Int64(claims.sub.value)
        else { return nil }
        return (claims, UserID(rawValue: user))
    }

    /// Three parts in the one base64url that their bytes have (RFC 7515, section 2; RFC 4648, 3.5): without padding and
    /// blanks, and with no bits set that belong to no byte. Foundation's decoder takes many spellings of one token.
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
