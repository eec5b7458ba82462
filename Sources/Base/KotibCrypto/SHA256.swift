// KotibCrypto: SHA-256, HMAC and key derivation, by Nettle.

import CNettle

/// SHA-256 (FIPS 180-4) of bytes that come in portions.
public struct SHA256: Sendable {
    private var context = sha256_ctx()

    public init() {
        nettle_sha256_init(&context)
    }

    public mutating func update(_ bytes: [UInt8]) {
        nettle_sha256_update(&context, bytes.count, bytes)
    }

    /// The hash of all bytes so far: 32 bytes. Resets the hash.
    public mutating func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_SIZE)) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            nettle_sha256_digest(&context, buffer.count, start)
            count = buffer.count
        }
    }

    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}
