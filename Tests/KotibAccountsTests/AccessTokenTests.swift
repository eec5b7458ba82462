import FoundationEssentials
import KotibCrypto
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibAccounts

@Suite(.timeLimit(.minutes(1))) struct AccessTokenTests {
    private let noon = Date(timeIntervalSince1970: 1_800_000_000)
    private let tokens: AccessTokens
    private let secret = SymmetricKey(Array(key.utf8))

    init() {
        tokens = AccessTokens(key: secret)
    }

    /// A signed token of any header and any claims.
    private func token(_ header: String, _ claims: String, key: SymmetricKey? = nil) -> String {
        let parts = [header, claims].map { base64(Data($0.utf8)) }.joined(separator: ".")
        let code = (key ?? secret).authenticationCode(for: Array(parts.utf8))
        return "\(parts).\(base64(Data(code)))"
    }

    private func base64(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    private func claims(
        sub: String = #""7""#, exp: String? = "1800000060", iss: String = #""kotib""#,
        aud: String = #""kotib""#
    ) -> String {
        let end = exp.map { #""exp":\#($0),"# } ?? ""
        return #"{"sub":\#(sub),\#(end)"iat":1800000000,"iss":\#(iss),"aud":\#(aud),"jti":"a"}"#
    }

    private let header = #"{"alg":"HS256","typ":"JWT"}"#

    @Test func ourOwnIsTaken() throws {
        let token = try tokens.sign(
            "a", of: UserID(rawValue: 7), issued: noon, expires: noon + 60)
        let checked = try #require(tokens.check(token, now: noon))
        #expect(checked.id == "a" && checked.user == UserID(rawValue: 7))
        #expect(tokens.check(token, now: noon + 60) == nil)
        // The parts of the forgeries below are valid; each forgery changes one thing.
        #expect(tokens.check(self.token(header, claims()), now: noon) != nil)
    }

    @Test(arguments: ["none", "None", "RS256", "ES256", "HS384", "HS512", ""])
    func anotherAlgorithmIsNot(name: String) {
        let header = #"{"alg":"\#(name)","typ":"JWT"}"#
        #expect(tokens.check(token(header, claims()), now: noon) == nil)
        let unsigned = "\(base64(Data(header.utf8))).\(base64(Data(claims().utf8)))."
        #expect(tokens.check(unsigned, now: noon) == nil)
    }

    @Test func anotherKeyOrChangedClaimsAreNot() {
        let other = SymmetricKey(Array(key.reversed().map(String.init).joined().utf8))
        #expect(tokens.check(token(header, claims(), key: other), now: noon) == nil)
        let parts = token(header, claims()).split(separator: ".")
        let changed = "\(parts[0]).\(base64(Data(claims(sub: #""1""#).utf8))).\(parts[2])"
        #expect(tokens.check(changed, now: noon) == nil)
        #expect(tokens.check("\(parts[0]).\(parts[1]).", now: noon) == nil)
        #expect(tokens.check("\(parts[0]).\(parts[1])", now: noon) == nil)
    }

    @Test func wrongClaimsAreNot() {
        for claims in [
            claims(iss: #""other""#), claims(aud: #""other""#), claims(aud: "[]"), claims(exp: nil),
            claims(exp: "1799999999"), claims(exp: #""never""#), claims(exp: "null"), claims(sub: #""x""#),
            claims(sub: "7"), claims(sub: #""99999999999999999999""#), "{}", "[]", "",
        ] {
            #expect(tokens.check(token(header, claims), now: noon) == nil, "\(claims)")
        }
    }

    @Test func rubbishIsNot() {
        let long = String(repeating: "a", count: 1 << 20)
        for token in ["", ".", "..", "...", "a.b.c", "\u{0}", "Bearer x", long, "\(long).\(long).\(long)"] {
            #expect(tokens.check(token, now: noon) == nil)
        }
        let padded = token(header, claims(sub: #""7","more":"\#(long)""#))
        #expect(tokens.check(padded, now: noon) == nil)
    }

    /// One token has one spelling: whoever compares or bans a token by its text meets no other.
    @Test func aLooseSpellingIsNot() throws {
        let token = try tokens.sign("a", of: UserID(rawValue: 7), issued: noon, expires: noon + 60)
        #expect(tokens.check(token, now: noon) != nil)
        var loose = [token + "=", " " + token, token + " ", token + "\n", token + ".", "." + token]
        for part in token.split(separator: ".") {
            loose.append(token.replacing(part, with: part + "="))
            loose.append(token.replacing(part, with: part.prefix(4) + " " + part.dropFirst(4)))
            loose.append(token.replacing(part, with: part.prefix(4) + "\n" + part.dropFirst(4)))
        }
        // The last character of a signature of 32 bytes has two bits that are nobody's.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(token.last.flatMap(alphabet.firstIndex(of:)))
        for bits in 1...3 { loose.append(token.dropLast() + String(alphabet[last + bits])) }
        loose.append(token.replacing("-", with: "+").replacing("_", with: "/"))
        for text in loose where text != token {
            #expect(tokens.check(text, now: noon) == nil, "\(text.debugDescription)")
            #expect(tokens.formerUser(text) == nil)
        }
    }

    @Test func anEndedOneStillTellsWhoseItWas() throws {
        let token = try tokens.sign("a", of: UserID(rawValue: 7), issued: noon, expires: noon + 60)
        #expect(tokens.check(token, now: noon + 61) == nil)
        #expect(tokens.formerUser(token) == UserID(rawValue: 7))
        let other = SymmetricKey(Array(key.reversed().map(String.init).joined().utf8))
        #expect(tokens.formerUser(self.token(header, claims(), key: other)) == nil)
    }

    @Test func identifiersHave128Bits() {
        var random: any RandomNumberGenerator = SeededGenerator(seed: 1)
        let all = (0..<1000).map { _ in AccessTokens.newID(using: &random) }
        #expect(Set(all).count == 1000 && all.allSatisfy { $0.utf8.count == 32 })
    }
}
