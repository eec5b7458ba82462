import Foundation
import KotibTestSupport

/// nginx on loopback with etc/nginx/kotib.conf, changed only in what is the machine's: port, certificate,
/// paths.
struct WebServer: Sendable {
    private static let name = "kotib.example.org"

    private let process: ChildProcess
    private let port: UInt16
    private let folder: String

    /// nginx's standard error.
    var log: String { (try? String(contentsOfFile: folder + "/errors", encoding: .utf8)) ?? "nothing" }

    /// Returns when it accepts connections.
    /// - Throws: ``DaemonTestFailure``, also where nginx finds fault with the configuration.
    static func start(before daemon: DaemonFixture) async throws -> WebServer {
        let folder = daemon.scratch + "/nginx"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try await Command.succeed(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)",
                "-keyout", folder + "/kotib.key", "-out", folder + "/kotib.crt",
            ])
        let port = try Loopback.freePort()
        let site = try String(contentsOfFile: Repository.file("etc/nginx/kotib.conf"), encoding: .utf8)
            .replacing("    listen [::]:443 ssl http2;\n", with: "")
            .replacing("listen 443 ", with: "listen 127.0.0.1:\(port) ")
            .replacing("/etc/nginx/", with: folder + "/")
            .replacing("/var/log/nginx/", with: folder + "/")
            .replacing("/run/kotib/kotib.sock", with: daemon.socket)
        try site.write(toFile: folder + "/site.conf", atomically: false, encoding: .utf8)
        try main.write(toFile: folder + "/nginx.conf", atomically: false, encoding: .utf8)

        let arguments = ["-p", folder, "-c", folder + "/nginx.conf", "-e", "stderr"]
        try await Command.succeed("/usr/sbin/nginx", arguments + ["-t"])
        let process = try await ChildProcess.start(
            "/usr/sbin/nginx", arguments, environment: [:], errors: folder + "/errors")
        let server = WebServer(process: process, port: port, folder: folder)
        do {
            try await daemon.wait(until: "nginx listens") {
                guard process.status == nil else {
                    throw daemon.testFailure("nginx has ended: \(server.log)")
                }
                return try Loopback.accepts(port)
            }
        } catch {
            await server.stop()
            throw error
        }
        return server
    }

    func stop() async {
        await process.killAndReap()
    }

    /// One process, as the tests' user, with everything that it writes in its own folder.
    private static let main = """
        daemon off;
        master_process off;
        pid nginx.pid;
        events { worker_connections 256; }
        http {
            client_body_temp_path body;
            proxy_temp_path proxy;
            fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi;
            scgi_temp_path scgi;
            include site.conf;
        }
        """

    // MARK: - As an app on another machine asks it

    struct Answer: CustomStringConvertible {
        /// 0 where that is no answer.
        var status: Int
        var head: String
        var body: String

        var description: String { head + "\n\n" + body.prefix(2000) }
    }

    func request(
        _ method: String, _ path: String, token: String? = nil, options: [String] = []
    ) async throws -> Answer {
        let output = try await Command.succeed(
            "curl", common(path, token) + ["--include", "--request", method, "--max-time", "60"] + options)
        let parts = output.replacing("\r\n", with: "\n").split(separator: "\n\n", maxSplits: 1)
        let head = String(parts.first ?? "")
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
        return Answer(status: status, head: head, body: parts.count > 1 ? String(parts[1]) : "")
    }

    /// The stream's text up to `word`.
    func follow(_ path: String, token: String, until word: String) async throws -> String {
        let script = #"sed "/$0/q" < <(curl "$@")"#
        return try await Command.succeed(
            "bash", ["-c", script, word] + common(path, token) + ["--no-buffer", "--max-time", "90"])
    }

    private func common(_ path: String, _ token: String?) -> [String] {
        let address = "https://\(Self.name):\(port)\(path)"
        let authorization = token.map { ["--header", "Authorization: Bearer \($0)"] } ?? []
        return [
            "--silent", "--show-error", "--cacert", folder + "/kotib.crt",
            "--resolve", "\(Self.name):\(port):127.0.0.1", address,
        ] + authorization
    }
}
