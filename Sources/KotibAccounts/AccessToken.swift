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
        guard token.utf8.count <= Self.longest else { return nil }
        let bytes = Array(token.utf8)
        guard let claims = try? await keys.verify(bytes, as: AccessClaims.self),
            let header = try? DefaultJWTParser().parse(bytes, as: AccessClaims.self).header,
            header.alg == "HS256", claims.exp.value > now, let user = Int64(claims.sub.value)
        else { return nil }
        return (claims.jti.value, UserID(rawValue: user))
    }
}
