import Testing

@testable import KotibCrypto

struct CryptoTests {
    private func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.count, by: 2).map { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
    }

    /// The examples of FIPS 180-2, B.1 and B.2, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func hashesAreThoseOfTheStandard(_ message: String, _ hash: String) {
        #expect(SHA256.hash(Array(message.utf8)) == bytes(hash))
        var inPortions = SHA256()
        for byte in message.utf8 { inPortions.update([byte]) }
        #expect(inPortions.finalize() == bytes(hash))
    }

    /// RFC 4231: test cases 1, 2 and 6 (a key longer than a block).
    @Test(arguments: [
        (
            [UInt8](repeating: 0x0b, count: 20), "Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ])
    func authenticationCodesAreThoseOfTheStandard(_ key: [UInt8], _ message: String, _ code: String) {
        let key = SymmetricKey(key)
        let message = Array(message.utf8)
        #expect(key.authenticationCode(for: message) == bytes(code))
        #expect(key.authenticationCode(for: Array(message[..<3]), Array(message[3...])) == bytes(code))
        #expect(key.isValid(bytes(code), for: message))
        #expect(!key.isValid(bytes(code), for: message + [0]))
        #expect(!key.isValid(Array(bytes(code).dropLast()), for: message))
        #expect(!key.isValid([], for: message))
    }

    /// RFC 5869, test case 3: neither salt nor info.
    @Test func derivedKeysAreThoseOfTheStandard() {
        let key = SymmetricKey([UInt8](repeating: 0x0b, count: 22)).derived(for: [], size: 42)
        let expected = SymmetricKey(
            bytes(
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"))
        let message = Array("message".utf8)
        #expect(key.authenticationCode(for: message) == expected.authenticationCode(for: message))
    }

    /// The same keys as HKDF of swift-crypto gave, which earlier versions used: their tokens stay valid.
    @Test func keysOfEarlierVersionsStay() {
        let key = SymmetricKey(Array("0123456789abcdef0123456789ABCDEF".utf8))
            .derived(for: Array("kotib tokens 1".utf8), size: 32)
        #expect(
            key.authenticationCode(for: Array("message".utf8))
                == bytes("cac84a4abbf5df6638960563d989120a4c7b8df15eb149b2be83142ac20a6e34"))
    }

    @Test func keysAreNotShown() {
        let key = SymmetricKey(Array("secret".utf8))
        var dumped = ""
        dump(key, to: &dumped)
        #expect("\(key)" == "SymmetricKey")
        #expect(!dumped.contains("115"), "\(dumped)")
    }
}
