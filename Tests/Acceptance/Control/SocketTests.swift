import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// The control socket as a file and as a server, with the built daemon.
    @Suite(.timeLimit(.minutes(5))) struct Socket {
        @Test func theSocketIsItsGroupsAndGoesWithTheDaemon() async throws {
            try await withDaemon(["control.mode": "0600"]) { daemon in
                #expect(daemon.mode(ofState: "kotib.sock") == 0o600)
                try await daemon.terminate()
                #expect(daemon.mode(ofState: "kotib.sock") == nil, daemon.log)
            }
        }

        @Test func socketOfAKilledDaemonIsReplaced() async throws {
            try await withDaemon { daemon in
                try await daemon.kill()
                #expect(daemon.mode(ofState: "kotib.sock") != nil, "nobody cleaned up")
                try await daemon.start()
                #expect(try await daemon.request("GET", "/api/v1/status").status == 200)
            }
        }

        @Test func nonSocketIsNeverReplaced() async throws {
            try await withDaemon(starting: false) { daemon in
                let path = daemon.stateFolder + "/kotib.sock"
                try Data("mine".utf8).write(to: URL(filePath: path))
                let refused = try await Command.run(
                    daemon.installation.program("kotibd"), ["--config", daemon.configurationFile])
                #expect(refused.end == .exited(73) && refused.errors.contains(path), "\(refused)")
                #expect(FileManager.default.contents(atPath: path) == Data("mine".utf8))
            }
        }

        /// Every connection is served or refused; afterwards the daemon serves as before.
        @Test func aThousandConnectionsAtOnce() async throws {
            try await withDaemon { daemon in
                let script = """
                    import socket, sys
                    request = b"GET /api/v1/status HTTP/1.1\\r\\nHost: kotib\\r\\nConnection: close\\r\\n\\r\\n"
                    answers = {}
                    connections = []
                    for number in range(1000):
                        connection = socket.socket(socket.AF_UNIX)
                        connection.settimeout(50)
                        try:
                            connection.connect(sys.argv[1])
                            connections.append(connection)
                        except OSError as error:
                            answers["refused"] = answers.get("refused", 0) + 1
                    for connection in connections:
                        try:
                            connection.sendall(request)
                        except OSError:
                            pass
                    for connection in connections:
                        try:
                            answer = connection.recv(64).split(b" ")
                            key = answer[1].decode() if len(answer) > 1 else "closed"
                        except ConnectionError:
                            key = "closed"
                        answers[key] = answers.get(key, 0) + 1
                    print(answers.get("200", 0), sum(answers.values()), answers)
                    """
                let output = try await Command.succeed("python3", ["-c", script, daemon.socket])
                let counts = output.split(separator: " ").prefix(2).compactMap { Int($0) }
                #expect(
                    counts.count == 2 && counts[0] >= 100 && counts[1] == 1000, "\(output)\n\(daemon.story)")
                #expect(try await daemon.request("GET", "/api/v1/status").status == 200)
            }
        }

        /// Rubbish, half a request, and one that never ends cost nothing but themselves.
        @Test func rubbishHarmsNobody() async throws {
            try await withDaemon { daemon in
                let script = """
                    import os, random, socket, sys
                    random.seed(7)
                    kept = []
                    for number in range(300):
                        connection = socket.socket(socket.AF_UNIX)
                        connection.connect(sys.argv[1])
                        try:
                            start = random.choice([b"", b"GET / HTTP/1.1\\r\\n", b"POST /api/v1/audio/upload HTTP/1.1\\r\\n"
                                b"Content-Length: 99999999\\r\\n\\r\\n", b"PUT /api/v1/audio/1 HTTP/1.1\\r\\n"
                                b"Content-Length: 3\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"])
                            connection.sendall(start + random.randbytes(random.randrange(2000)))
                        except ConnectionError:
                            pass
                        if number % 3:
                            kept.append(connection)
                        else:
                            connection.close()
                    """
                try await Command.succeed("python3", ["-c", script, daemon.socket])
                #expect(try await daemon.request("GET", "/api/v1/status").status == 200, daemon.log)
            }
        }

        /// Events are followed from start to end, and resumed after the daemon was killed.
        @Test func eventsGoOnWhereTheyStopped() async throws {
            try await withDaemon { daemon in
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/one.wav")
                try await daemon.awaitRow(of: "alisher/one.wav", "completed")
                let first = try await events(daemon, after: 0, until: "completed")
                #expect(first.contains("event: changed"), "\(first)\n\(daemon.story)")
                let last = try #require(
                    first.matches(of: /(?m)^id: ?([0-9]+)/).last.map { String($0.output.1) })

                try await daemon.restart()
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/two.wav")
                let second = try await events(daemon, after: Int(last) ?? 0, until: "completed")
                #expect(second.contains("alisher/two.wav"), "\(second)\n\(daemon.story)")
                #expect(!second.contains("alisher/one.wav"), "told twice: \(second)")
            }
        }

        /// Follows until the stream holds `word`, and returns what came.
        private func events(_ daemon: DaemonFixture, after id: Int, until word: String) async throws -> String
        {
            let script = """
                import socket, sys
                connection = socket.socket(socket.AF_UNIX)
                connection.settimeout(60)
                connection.connect(sys.argv[1])
                connection.sendall(b"GET /api/v1/events HTTP/1.1\\r\\nHost: kotib\\r\\nLast-Event-ID: "
                    + sys.argv[2].encode() + b"\\r\\n\\r\\n")
                text = b""
                while sys.argv[3].encode() not in text:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    text += piece
                print(text.decode())
                """
            return try await Command.succeed("python3", ["-c", script, daemon.socket, String(id), word])
        }
    }
}
