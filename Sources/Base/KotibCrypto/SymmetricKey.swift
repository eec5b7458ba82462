import CNettle
import Glibc

/// A secret key. Its bytes are overwritten when the last copy goes, and no description shows them.
public struct SymmetricKey: Sendable, CustomStringConvertible, CustomReflectable {
    private final class Storage: Sendable {
        /// Allocated here, written only by `init` and freed by `deinit`.
        nonisolated(unsafe) let bytes: UnsafeMutableRawBufferPointer

        init(_ bytes: [UInt8]) {
            self.bytes = .allocate(byteCount: bytes.count, alignment: 1)
            self.bytes.copyBytes(from: bytes)
        }

        deinit {
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
            bytes.deallocate()
        }
    }

    private let storage: Storage

    public init(_ bytes: [UInt8]) {
        storage = Storage(bytes)
    }

    public var description: String { "SymmetricKey" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// A key for one purpose (HKDF with SHA-256, RFC 5869, without salt).
    /// - Parameters:
    ///   - purpose: `info` in the RFC.
    ///   - size: bytes, at most 8160.
    public func derived(for purpose: [UInt8], size: Int) -> SymmetricKey {
        var key = [UInt8](repeating: 0, count: size)
        defer { explicit_bzero(&key, size) }
        withBytes { secret in
            kotib_hkdf_sha256(secret.count, secret.baseAddress, purpose.count, purpose, size, &key)
        }
        return SymmetricKey(key)
    }

    /// HMAC-SHA256 (RFC 2104) of the concatenated portions: 32 bytes.
    public func authenticationCode(for message: [UInt8]...) -> [UInt8] {
        var context = hmac_sha256_ctx()
        defer { explicit_bzero(&context, MemoryLayout.size(ofValue: context)) }
        withBytes { nettle_hmac_sha256_set_key(&context, $0.count, $0.baseAddress) }
        for portion in message { nettle_hmac_sha256_update(&context, portion.count, portion) }
        var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
        nettle_hmac_sha256_digest(&context, code.count, &code)
        return code
    }

    /// Whether `code` is that of the message, compared in constant time.
    public func isValid(_ code: [UInt8], for message: [UInt8]) -> Bool {
        let right = authenticationCode(for: message)
        return code.count == right.count && nettle_memeql_sec(code, right, right.count) != 0
    }

    private func withBytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        withExtendedLifetime(storage) { storage.bytes.withMemoryRebound(to: UInt8.self) { body(.init($0)) } }
    }
}
