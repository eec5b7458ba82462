import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// etc/nginx/kotib.conf with a real nginx between an app and the daemon.
    @Suite(.timeLimit(.minutes(5))) struct Nginx {
        private let phone = "+998901234567"

        @Test func anAppLogsInUploadsAndFollowsThroughTLS() async throws {
            try await withWebServer { daemon, server in
                let stranger = try await server.request("GET", "/api/v1/audio/list")
                #expect(stranger.status == 401, "the proxy is not the operator: \(stranger)")
                #expect(stranger.head.contains(/(?i)strict-transport-security: max-age=/), "\(stranger)")
                let token = try await logIn(daemon, server)

                // Held open from before the upload until the recording is done: a buffer would end that in
                // vain.
                async let events = server.follow("/api/v1/events", token: token, until: "completed")
                let speech = try daemon.installation.sample("jfk")
                let upload = try await server.request(
                    "POST", "/api/v1/audio/upload", token: token, options: ["--form", "file=@\(speech)"])
                #expect(upload.status == 200, "\(upload)\n\(daemon.story)")
                let told = try await events
                #expect(told.contains("998901234567/jfk.wav") && told.contains("completed"), "\(told)")

                let list = try await server.request("GET", "/api/v1/audio/list", token: token)
                #expect(list.status == 200 && list.body.contains(#""total":1"#), "\(list)")
            }
        }

        @Test func nginxErrorsLookLikeTheOthers() async throws {
            try await withWebServer { daemon, server in
                for path in ["/metrics", "/api/v1/metrics", "/api/v1/audio/../metrics", "/api/v1/%6Detrics"] {
                    let metrics = try await server.request("GET", path, options: ["--path-as-is"])
                    #expect(metrics.status == 404 && metrics.body.contains(#""detail":"#), "\(metrics)")
                }
                let large = daemon.scratch + "/large"
                try Data(count: 2 << 20).write(to: URL(filePath: large))
                let body = try await server.request(
                    "PATCH", "/api/v1/users/1", options: ["--data-binary", "@" + large])
                #expect(body.status == 413 && body.body.contains(#""code":"too_large""#), "\(body)")
                // The words of a long recording go through: what is missing is only a log-in.
                let words = try await server.request(
                    "PUT", "/api/v1/audio/1", options: ["--data-binary", "@" + large])
                #expect(words.status == 401, "\(words)")
                try await daemon.terminate()
                let down = try await server.request("GET", "/api/v1/status")
                #expect(down.status == 503 && down.body.contains(#""code":"unavailable""#), "\(down)")
                #expect(down.head.contains(/(?i)retry-after: [0-9]/), "\(down)")
            }
        }

        private func logIn(_ daemon: DaemonFixture, _ server: WebServer) async throws -> String {
            let sent = try await server.request(
                "POST", "/api/v1/auth/send_otp", options: ["--json", #"{"phone_number": "\#(phone)"}"#])
            #expect(sent.status == 200, "\(sent)\n\(daemon.story)")
            let text = try await daemon.eventually("the message") { try daemon.messages(to: phone).last }
            let code = try #require(text.firstMatch(of: /[0-9]{6}/).map { String($0.output) })
            let login = try await server.request(
                "POST", "/api/v1/auth/verify_otp",
                options: ["--json", #"{"phone_number": "\#(phone)", "otp_code": "\#(code)"}"#])
            let token = try #require(
                login.body.firstMatch(of: /"access_token":"([^"]+)"/), "\(login)\n\(daemon.story)")
            return String(token.output.1)
        }

        /// nginx runs as the tests' user here, whom `trusted_proxies` makes a proxy as www-data is one
        /// elsewhere.
        private func withWebServer(_ body: (DaemonFixture, WebServer) async throws -> Void) async throws {
            try await withDaemon(["control.trusted_proxies": ["\(String(getuid()))"]]) { daemon in
                let server = try await WebServer.start(before: daemon)
                do {
                    try await body(daemon, server)
                    await server.stop()
                } catch {
                    await server.stop()
                    throw daemon.testFailure("\(error)\nnginx said:\n\(server.log)")
                }
            }
        }
    }
}
