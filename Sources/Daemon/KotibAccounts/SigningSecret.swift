import Glibc
import KotibCrypto
import KotibPOSIX

/// The reason why there is no signing secret. The texts are for an administrator.
public enum SecretError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Shorter than 32 bytes.
    case tooShort(bytes: Int)
    /// A placeholder from an example configuration.
    case placeholder
    /// The file can be read by others than its owner.
    case exposed(path: String)
    /// The file does not hold 32 bytes.
    case damaged(path: String)
    case system(SystemError)

    public var description: String {
        switch self {
        case .tooShort(let bytes):
            "accounts.secret has \(bytes) bytes and needs \(SigningSecret.size); "
                + "make one by `openssl rand -hex 32`, or leave it empty."
        case .placeholder:
            "accounts.secret is a placeholder that everybody knows; make one by `openssl rand -hex 32`, "
                + "or leave it empty."
        case .exposed(let path): "\(path) may be read by others; it is no secret any more: delete it."
        case .damaged(let path): "\(path) does not hold \(SigningSecret.size) bytes; delete it."
        case .system(let error): "\(error)"
        }
    }
}

/// The secret from which the keys for signing tokens and for hashing codes are derived (HKDF, RFC 5869).
public struct SigningSecret: Sendable {
    static let size = 32
    private static let placeholders = [
        "your-secret-key", "your_secret_key", "changeme", "change-me", "change_me", "secret-key-here",
        "placeholder", "example",
    ]

    private let material: SymmetricKey

    /// - Parameter configured: at least 32 bytes.
    public init(configured: String) throws(SecretError) {
        let lower = configured.lowercased()
        if Self.placeholders.contains(where: lower.contains) { throw .placeholder }
        guard configured.utf8.count >= Self.size else { throw .tooShort(bytes: configured.utf8.count) }
        guard Set(configured.utf8).count > 4 else { throw .placeholder }
        material = SymmetricKey(Array(configured.utf8))
    }

    /// Reads the file, or makes it with random bytes, mode 0600. Blocks on the disk.
    public init(file path: String) throws(SecretError) {
        do throws(SystemError) {
            try Self.make(path)
            let descriptor = try SystemError.check("open", path) {
                open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            }
            let file = OpenFile(owning: descriptor)
            let status = try FileStatus(of: file)
            let bytes = try file.read(upTo: Self.size + 1)
            material = SymmetricKey(bytes)
            if status.permissions & 0o077 != 0 { throw SystemError(code: EPERM, operation: "", path: path) }
            if bytes.count != Self.size { throw SystemError(code: EBADMSG, operation: "", path: path) }
        } catch {
            switch (error.code, error.operation) {
            case (EPERM, ""): throw .exposed(path: path)
            case (EBADMSG, ""): throw .damaged(path: path)
            default: throw .system(error)
            }
        }
    }

    /// Written under another name and linked, so that a crash leaves no half of it and two starts agree.
    /// Does nothing where there is one already.
    private static func make(_ path: String) throws(SystemError) {
        if access(path, F_OK) == 0 { return }
        let temporary = "\(path).\(getpid()).tmp"
        unlink(temporary)
        let descriptor = try SystemError.check("open", temporary) {
            open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        defer { unlink(temporary) }
        let file = OpenFile(owning: descriptor)
        let bytes = (0..<size).map { _ in UInt8.random(in: .min ... .max) }
        let written = try SystemError.check("write", temporary) { write(file.descriptor, bytes, bytes.count) }
        guard written == bytes.count else {
            throw SystemError(code: ENOSPC, operation: "write", path: temporary)
        }
        try SystemError.check("fsync", temporary) { fsync(file.descriptor) }
        if link(temporary, path) != 0 && errno != EEXIST { throw SystemError.last("link", path) }
    }

    /// 256 bits for one purpose.
    func key(_ purpose: String) -> SymmetricKey {
        material.derived(for: Array("kotib \(purpose) 1".utf8), size: Self.size)
    }
}
