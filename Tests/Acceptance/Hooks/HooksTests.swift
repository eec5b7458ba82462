import Foundation
import KotibTestSupport
import Testing

extension Acceptance {
    /// Hooks: a program, and a server written in Python that checks signatures by itself.
    @Suite(.timeLimit(.minutes(5))) struct Hooks {
        private static let key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        private static let secret = ["KOTIB_HOOKS_SECRET": "whsec_" + key]

        @Test func aProgramIsToldWhatBecameOfRecordings() async throws {
            try await withDaemon(starting: false) { daemon in
                let (script, told) = (daemon.scratch + "/hook", daemon.scratch + "/told")
                try """
                #!/bin/sh
                facts=$(cat)
                printf '%s %s %s\\t%s\\n' "$KOTIB_EVENT" "$KOTIB_USER" "$KOTIB_FILE" "$facts" >> \(told)
                """.write(toFile: script, atomically: false, encoding: .utf8)
                try await Command.succeed("chmod", ["755", script])
                try append("\n[hooks]\nprogram = [\"\(script)\"]\n", to: daemon.configurationFile)
                try await daemon.start()
                try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                try daemon.write(Data("no audio".utf8), as: "malika/notes.pdf")
                let lines = try await daemon.eventually("both are told") {
                    let lines = text(told).split(separator: "\n").map(String.init).sorted()
                    return lines.count >= 2 ? lines : nil
                }
                #expect(lines.count == 2, daemon.log)
                #expect(lines[0].hasPrefix("completed alisher alisher/jfk.wav\t"), "\(lines)")
                #expect(lines[1].hasPrefix("rejected malika malika/notes.pdf\t"), "\(lines)")
                let event = try #require(try json(lines[0].drop { $0 != "\t" }))
                let data = try #require(event["data"] as? [String: Any])
                #expect(event["type"] as? String == "recording.completed")
                let words = try #require(data["transcript_text"] as? String)
                #expect(WordErrorRate.of(words, against: Said.jfk) <= 0.1, "\(words)")
                let refused = try json(lines[1].drop { $0 != "\t" })?["data"] as? [String: Any]
                #expect(refused?["error_code"] as? String == "unsupported_extension")
                let status = try await daemon.request("GET", "/api/v1/status")
                #expect(status["hooks", 0, "receiver"] == "program" && status["hooks", 0, "pending"] == 0)
            }
        }

        /// The server is away, the daemon is killed, and everything is told all the same, by the same ids.
        @Test func aServerIsToldEvenAfterAKill() async throws {
            let port = try Loopback.freePort()
            let settings: DaemonSettings = ["hooks.url": "http://127.0.0.1:\(port)/hook"]
            try await withDaemon(settings, environment: Self.secret) { daemon in
                try daemon.write(Data("no audio".utf8), as: "malika/notes.pdf")
                try await daemon.awaitEvent("hook not delivered, retrying")
                let down = try await daemon.request("GET", "/api/v1/status")
                #expect(down["state"] == "degraded" && down["hooks", 0, "pending"] == 1, "\(down)")
                let shown = try await daemon.kotibctl(["status"], environment: ["LC_ALL": "en_US.UTF-8"])
                #expect(shown.output.contains("webhook") && shown.output.contains("1 waiting"), "\(shown)")
                try await daemon.kill()
                try await daemon.start()
                try await withReceiver(daemon, port) { told in
                    try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/jfk.wav")
                    let events = try await daemon.eventually("both are told twice") {
                        let events = try told()
                        return events.count >= 4 ? events : nil
                    }
                    #expect(events.allSatisfy { $0["signature"] == "right" }, "\(events)")
                    #expect(
                        Set(events.compactMap { $0["type"] }) == [
                            "recording.completed", "recording.rejected",
                        ])
                    // The first response to each event is 500, so it is sent again with the same id and a new
                    // signature.
                    let tries = Dictionary(grouping: events) { $0["id"] ?? "" }
                    #expect(tries.count == 2 && tries.values.allSatisfy { $0.count == 2 }, "\(events)")
                    try await daemon.wait(until: "nothing is left to tell") {
                        try await daemon.request("GET", "/api/v1/status")["hooks", 0, "pending"] == 0
                    }
                    #expect(try await daemon.request("GET", "/api/v1/status")["state"] == "ok", daemon.log)
                }
                let end = try await daemon.terminate()
                #expect(end.status == .exited(0), daemon.log)
            }
        }

        // MARK: - The receiver

        /// - Parameter body: is given what the receiver has been told so far.
        private func withReceiver(
            _ daemon: DaemonFixture, _ port: UInt16,
            _ body: (_ told: () throws -> [[String: String]]) async throws -> Void
        ) async throws {
            let (program, file) = (daemon.scratch + "/receiver.py", daemon.scratch + "/events")
            try Self.receiver.write(toFile: program, atomically: false, encoding: .utf8)
            try await withProgram("/usr/bin/env", ["python3", program, "\(port)", Self.key, file]) { _ in
                try await daemon.wait(until: "the receiver listens") { try Loopback.accepts(port) }
                try await body {
                    try text(file).split(separator: "\n").map {
                        try JSONDecoder().decode([String: String].self, from: Data($0.utf8))
                    }
                }
            }
        }

        /// A receiver that checks signatures as kotibd(8) shows; it responds 500 to the first attempt at each
        /// event.
        private static let receiver = """
            import base64, hashlib, hmac, http.server, json, sys
            port, key, path = int(sys.argv[1]), base64.b64decode(sys.argv[2]), sys.argv[3]
            seen = set()
            class Receiver(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    name, time = self.headers["webhook-id"], self.headers["webhook-timestamp"]
                    mac = hmac.new(key, f"{name}.{time}.".encode() + body, hashlib.sha256)
                    expected = "v1," + base64.b64encode(mac.digest()).decode()
                    right = hmac.compare_digest(expected, self.headers["webhook-signature"])
                    event = json.loads(body)
                    with open(path, "a") as told:
                        told.write(json.dumps({"id": name, "type": event["type"],
                            "path": event["data"]["file_path"],
                            "signature": "right" if right else "wrong"}) + "\\n")
                    self.send_response(200 if name in seen else 500)
                    seen.add(name)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                def log_message(self, *_):
                    pass
            http.server.HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
            """

        private func text(_ path: String) -> String {
            (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        }

        private func json(_ text: some StringProtocol) throws -> [String: Any]? {
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        }

        private func append(_ text: String, to path: String) throws {
            try (self.text(path) + text).write(toFile: path, atomically: false, encoding: .utf8)
        }
    }
}
