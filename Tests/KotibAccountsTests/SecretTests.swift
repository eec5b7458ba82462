import Glibc
import KotibCrypto
import KotibTestSupport
import Testing

@testable import KotibAccounts

struct SecretTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("secret")
    }

    private func error(configured secret: String) -> SecretError? {
        do throws(SecretError) {
            _ = try SigningSecret(configured: secret)
            return nil
        } catch {
            return error
        }
    }

    private func error() -> SecretError? {
        do throws(SecretError) {
            _ = try SigningSecret(file: path)
            return nil
        } catch {
            return error
        }
    }

    @Test func aFileIsMadeOnceForItsOwnerOnly() throws {
        func code(_ purpose: String) throws -> [UInt8] {
            try SigningSecret(file: path).key(purpose).authenticationCode(for: [])
        }
        let first = try code("tokens")
        #expect(try code("tokens") == first)
        #expect(try code("codes") != first)
        #expect(try mode(path) == 0o600)
        #expect(try folder.names() == ["secret"])
        folder.remove("secret")
        #expect(try code("tokens") != first)
    }

    @Test func aFileThatOthersReadIsRefused() throws {
        _ = try SigningSecret(file: path)
        chmod(path, 0o640)
        #expect(error() == .exposed(path: path))
    }

    @Test(arguments: [0, 31, 33])
    func aFileOfAnotherSizeIsRefused(size: Int) throws {
        try folder.write(String(repeating: "x", count: size), to: "secret")
        chmod(path, 0o600)
        #expect(error() == .damaged(path: path))
    }

    @Test func aLinkIsRefused() throws {
        _ = try SigningSecret(file: folder.path("other"))
        symlink(folder.path("other"), path)
        guard case .system = error() else {
            Issue.record("followed")
            return
        }
    }

    @Test func configuredOnesAreLongAndNoPlaceholders() {
        #expect(error(configured: key) == nil)
        #expect(error(configured: String(key.dropLast())) == .tooShort(bytes: 31))
        for secret in [
            "your-secret-key-change-in-production", "ChangeMe" + key, String(repeating: "a", count: 64),
        ] {
            #expect(error(configured: secret) == .placeholder)
        }
    }
}
