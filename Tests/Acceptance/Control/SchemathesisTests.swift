import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Checks `/openapi.json` with schemathesis: no request ends in a server error, nor in a status, type or
    /// body that is not described.
    @Suite(.timeLimit(.minutes(5))) struct Description {
        /// Runs as the local operator without a login, who cannot lose the permission to call.
        @Test func theOperatorGetsWhatIsDescribed() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                try await daemon.awaitRow(of: "alisher/jfk.wav", "completed")
                try await examine(daemon, seconds: 50, ["--generation-with-security-parameters", "false"])
            }
        }

        /// Runs with a token that must stay valid, so that logout is excluded.
        @Test func aUserGetsWhatIsDescribed() async throws {
            try await withDaemon { daemon in
                let token = try await daemon.login("+998901234567")
                let upload = try await daemon.upload(
                    daemon.installation.sample("jfk"), named: "jfk.wav", token: token)
                #expect(upload.status == 200, "\(upload)")
                try await daemon.awaitRow(of: "998901234567/jfk.wav", "completed")
                try await examine(
                    daemon, seconds: 30,
                    [
                        "--header", "Authorization: Bearer \(token)", "--exclude-path", "/api/v1/auth/logout",
                        "--generation-with-security-parameters", "false",
                    ])
                #expect(try await daemon.request("GET", "/api/v1/auth/me", token: token).status == 200)
            }
        }

        /// - Parameter seconds: how long requests are made, in all.
        private func examine(_ daemon: DaemonFixture, seconds: Int, _ options: [String]) async throws {
            let folder = daemon.scratch + "/schemathesis"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let run = try await withBridge(daemon) { port in
                try await Command.run(
                    "env",
                    [
                        "--chdir", folder, daemon.installation.dependencies + "/venv-test/bin/schemathesis",
                        "run", "http://127.0.0.1:\(port)/openapi.json", "--checks",
                        "not_a_server_error,status_code_conformance,content_type_conformance,"
                            + "response_schema_conformance",
                        "--phases", "examples,coverage,fuzzing", "--max-time", String(seconds), "--seed", "7",
                        "--generation-database", "none", "--warnings", "off", "--no-color",
                        // The stream of events never ends.
                        "--exclude-path", "/api/v1/events", "--request-timeout", "30",
                    ] + options)
            }
            #expect(run.end == .exited(0), "\(run.output.suffix(20_000))\n\(run.errors)\n\(daemon.story)")
            let tested = run.output.firstMatch(of: /Tested: +([0-9]+)/).flatMap { Int($0.output.1) }
            #expect(tested ?? 0 >= 20, "too few operations: \(run.output.suffix(2000))")
            #expect(try await daemon.request("GET", "/api/v1/status").status == 200, daemon.log)
        }

        /// schemathesis speaks no Unix sockets.
        private func withBridge<Result>(
            _ daemon: DaemonFixture, _ body: (UInt16) async throws -> Result
        ) async throws -> Result {
            let said = daemon.scratch + "/bridge"
            let bridge = try await ChildProcess.start(
                "/usr/bin/python3", [Repository.file("Tests/Tools/bridge.py"), daemon.socket],
                environment: [:],
                errors: said)
            do {
                let port = try await daemon.eventually("the bridge says its port") {
                    let text = try String(contentsOfFile: said, encoding: .utf8)
                    return text.hasSuffix("\n") ? UInt16(text.dropLast()) : nil
                }
                let result = try await body(port)
                await bridge.killAndReap()
                return result
            } catch {
                await bridge.killAndReap()
                throw error
            }
        }
    }
}
