import Foundation
import Glibc
import KotibTestSupport
import Testing

extension Acceptance {
    /// Socket activation as systemd does it (sd_listen_fds(3)), with the built daemon.
    @Suite(.timeLimit(.minutes(3))) struct Activation {
        /// Listens, then becomes kotibd with the socket as descriptor 3.
        private static let starter = """
            import os, socket, sys
            path, program, configuration = sys.argv[1:]
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="kotibd.socket")
            os.execv(program, [program, "--config", configuration])
            """

        @Test func theSocketThatSystemdMadeIsServedAndStays() async throws {
            // The daemon of the fixture is not started: it only provides the folders.
            try await withDaemon(starting: false) { daemon in
                let path = daemon.scratch + "/made-by-systemd.sock"
                let process = try await ChildProcess.start(
                    "/usr/bin/python3",
                    [
                        "-c", Self.starter, path, daemon.installation.program("kotibd"),
                        daemon.configurationFile,
                    ],
                    environment: [:], errors: daemon.scratch + "/log")
                do {
                    // The first connection waits in the backlog before the daemon runs.
                    let status = try await Command.succeed(
                        "curl",
                        [
                            "--silent", "--show-error", "--max-time", "60", "--retry", "100",
                            "--retry-max-time", "60",
                            "--retry-connrefused", "--retry-delay", "0", "--retry-all-errors",
                            "--unix-socket", path, "http://kotib/api/v1/status",
                        ])
                    #expect(status.contains(#""version":"#), "\(status)")
                    let own = daemon.socket
                    #expect(access(own, F_OK) != 0, "the daemon makes none of its own")

                    try daemon.drop(daemon.installation.sample("jfk"), as: "alisher/talk.wav")
                    let children = try await daemon.eventually("a worker runs") {
                        let children = Self.children(of: process.pid)
                        return children.isEmpty ? nil : children
                    }
                    for child in children {
                        let environment = FileManager.default.contents(atPath: "/proc/\(child)/environ")
                        let text = String(decoding: environment ?? Data(), as: UTF8.self)
                        #expect(!text.contains("LISTEN_"), "\(text)")
                        let descriptors =
                            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child)/fd")) ?? []
                        let targets = descriptors.compactMap {
                            try? FileManager.default.destinationOfSymbolicLink(
                                atPath: "/proc/\(child)/fd/\($0)")
                        }
                        let listening = try Self.listeners(at: path)
                        #expect(!listening.isEmpty && listening.isDisjoint(with: targets))
                    }
                    process.send(SIGTERM)
                    let end = try await daemon.eventually("it ends") { process.status }
                    #expect(end == .exited(0))
                    #expect(access(path, F_OK) == 0, "the socket is systemd's")
                } catch {
                    await process.killAndReap()
                    throw error
                }
                await process.killAndReap()
            }
        }

        private static func children(of process: Int32) -> [String] {
            let path = "/proc/\(process)/task/\(process)/children"
            let threads =
                (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
            let lists = [path] + threads.map { "/proc/\(process)/task/\($0)/children" }
            let numbers = lists.flatMap { list in
                (FileManager.default.contents(atPath: list)).map {
                    String(decoding: $0, as: UTF8.self).split(separator: " ").map(String.init)
                } ?? []
            }
            return Array(Set(numbers))
        }

        /// The socket as /proc names it: `socket:[INODE]`.
        private static func listeners(at path: String) throws -> Set<String> {
            let table = try String(contentsOfFile: "/proc/net/unix", encoding: .utf8)
            return Set(
                table.split(separator: "\n").filter { $0.hasSuffix(path) }.compactMap { line in
                    let fields = line.split(separator: " ")
                    return fields.count > 6 ? "socket:[\(fields[6])]" : nil
                })
        }
    }
}
