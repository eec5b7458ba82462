import Foundation
import KotibTestSupport
import Testing

@testable import KotibHTTP

/// Against `openssl s_server`, with a certificate made for the occasion.
@Suite("HTTP over TLS")
struct HTTPEncryptionTests {
    @Test func aCertificateIsTrustedOnlyByItsAuthority() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "kotib-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificate = folder.appendingPathComponent("certificate.pem").path
        let key = folder.appendingPathComponent("key.pem").path
        try await Command.succeed(
            openssl,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "1",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate,
                "-keyout", key,
            ])
        let port = try Loopback.freePort()
        let arguments = [
            "s_server", "-quiet", "-www", "-accept", "127.0.0.1:\(port)", "-cert", certificate, "-key", key,
        ]
        try await withProgram(openssl, arguments) { _ in
            try await waitUntil("the server listens") { try Loopback.accepts(port) }
            try await check(port: port, certificate: certificate)
        }
    }

    private let openssl = "/usr/bin/openssl"

    private func check(port: UInt16, certificate: String) async throws {
        let trusting = try HTTPClient(.init(userAgent: "kotib/test", certificateAuthorities: certificate))
        let request = HTTPRequest(url: "https://127.0.0.1:\(port)/", limits: HTTPLimits(total: .seconds(20)))
        #expect(try await trusting.perform(request).status == 200)
        guard case .unreachable = try await transfers().failure(request) else {
            Issue.record("a certificate of unknown authority was trusted")
            return
        }
        let elsewhere = HTTPRequest(url: "https://localhost:\(port)/", limits: request.limits)
        guard case .unreachable = await trusting.failure(elsewhere) else {
            Issue.record("a certificate for another name was trusted")
            return
        }
    }
}
