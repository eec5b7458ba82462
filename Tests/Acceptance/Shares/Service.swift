import Foundation
import Glibc
import KotibTestSupport
import Testing

/// kotibd as systemd starts it with systemd/folder-owners.conf: an account of its own, and four capabilities.
enum Service {
    /// The account gets id 62987, which Debian assigns to nobody (adduser.conf(5)).
    static let user = "kotibtest-kotib"
    private static let number = 62_987

    /// The capabilities that the shipped file makes ambient, such as `chown`.
    static func capabilities() throws -> [String] {
        let file = try String(contentsOfFile: Repository.file("systemd/folder-owners.conf"), encoding: .utf8)
        let key = "AmbientCapabilities="
        guard let line = file.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return [] }
        return line.dropFirst(key.count).split(separator: " ").map {
            $0.lowercased().replacing("cap_", with: "")
        }
    }

    /// Does what `User=`, `CapabilityBoundingSet=`, `AmbientCapabilities=` and `NoNewPrivileges=` do.
    static func launcher() throws -> [String] {
        let set = try (["-all"] + capabilities().map { "+" + $0 }).joined(separator: ",")
        return [
            "/usr/bin/setpriv", "--reuid=\(number)", "--regid=\(number)", "--clear-groups",
            "--bounding-set=\(set)", "--inh-caps=\(set)", "--ambient-caps=\(set)", "--no-new-privs",
        ]
    }

    /// Settings with paths that the service's account can reach: a fresh clone may lie in a private folder,
    /// and access(2), by which the settings are checked, does not count capabilities.
    /// - Parameter shelf: for copies.
    static func settings(_ shelf: TemporaryFolder) throws -> DaemonSettings {
        let installation = try Installation.find()
        #expect(chmod(shelf.path, 0o711) == 0)
        func reachable(_ path: String) throws -> String {
            let real = URL(filePath: path).resolvingSymlinksInPath().path
            guard !isReachable(real) else { return path }
            let copy = shelf.path((path as NSString).lastPathComponent)
            try FileManager.default.copyItem(atPath: real, toPath: copy)
            #expect(chmod(copy, 0o755) == 0)
            return copy
        }
        return try [
            "local.worker": "\(reachable(installation.program("kotib-worker")))",
            "local.model": "\(reachable(installation.model()))",
            "local.vad_model": "\(reachable(installation.voiceActivityModel()))",
        ]
    }

    private static func isReachable(_ path: String) -> Bool {
        var folder = (path as NSString).deletingLastPathComponent
        var status = stat()
        while stat(folder, &status) == 0, status.st_mode & 0o001 != 0 {
            if folder == "/" { return true }
            folder = (folder as NSString).deletingLastPathComponent
        }
        return false
    }

    static func make() async throws {
        try await Command.succeed(
            "useradd",
            ["--system", "--uid", "\(number)", "--user-group", "--no-create-home"]
                + ["--shell", "/usr/sbin/nologin", user])
    }
}

extension ShareGround {
    /// Does what `StateDirectory=` and the two lines about the inbox in etc/README.md do.
    func giveToService() async throws {
        try await Service.make()
        let owner = "\(Service.user):\(Service.user)"
        try await Command.succeed("chown", [owner, daemon.stateFolder, root + "/inbox"])
        // Everybody may enter the folder that holds the state folder, as with /var/lib.
        #expect(chmod((daemon.stateFolder as NSString).deletingLastPathComponent, 0o711) == 0)
    }

    func expectServiceRights() throws {
        let status = try String(contentsOfFile: "/proc/\(daemon.pid)/status", encoding: .utf8)
        let fields = Dictionary(
            status.split(separator: "\n").map { line in
                let parts = line.split(separator: ":", maxSplits: 1).map {
                    $0.trimmingCharacters(in: .whitespaces)
                }
                return (parts[0], parts.count > 1 ? parts[1] : "")
            }, uniquingKeysWith: { first, _ in first })
        #expect(fields["Uid"]?.hasPrefix("0") == false)
        let effective = fields["CapEff"].flatMap { UInt64($0, radix: 16) }
        #expect(effective?.nonzeroBitCount == (try Service.capabilities().count))
        #expect(fields["NoNewPrivs"] == "1")
    }
}
