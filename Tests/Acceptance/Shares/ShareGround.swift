import Foundation
import KotibTestSupport

/// The set-up of etc/README.md: accounts, the inbox below a folder of root's, smbd and sshd on loopback with
/// etc/samba/kotib.conf and etc/ssh/kotib.conf, changed only in paths and groups.
///
/// Needs root. The accounts are real ones and are deleted in the end.
struct ShareGround: Sendable {
    /// The first two users write by Samba and SFTP, the third one by rsync.
    static let anna = "kotibtest-anna"
    static let boris = "kotibtest-boris"
    static let rustam = "kotibtest-rustam"
    static let password = "correct horse"
    private static let groups = ["kotib-share": "kotibtest-share", "kotib-rsync": "kotibtest-rsync"]

    let daemon: DaemonFixture
    /// Takes the place of /srv/kotib.
    let root: String

    var folder: String { daemon.scratch + "/servers" }
    var key: String { folder + "/key" }

    /// Runs `body` with a daemon whose inbox is the ground's, and takes all away again.
    /// - Parameter asShipped: whether kotibd runs as the service does: as an account of its own, with no more
    ///   rights than systemd/folder-owners.conf gives it. Otherwise it is root.
    static func with(
        asShipped: Bool = false, _ body: (ShareGround) async throws -> Void
    ) async throws {
        let shelf = try TemporaryFolder()
        let (settings, launcher) =
            asShipped ? (try Service.settings(shelf), try Service.launcher()) : ([:], [])
        try await withDaemon(settings, launcher: launcher, starting: false) { daemon in
            let ground = ShareGround(
                daemon: daemon, root: "/srv/kotib-test-\(ProcessInfo.processInfo.processIdentifier)")
            do {
                try await ground.prepare()
                if asShipped { try await ground.giveToService() }
                try await daemon.start()
                if asShipped { try ground.expectServiceRights() }
                for user in [anna, boris, rustam] {
                    let added = try await daemon.kotibctl(["user", "add", user])
                    guard added.end == .exited(0) else {
                        throw daemon.testFailure("Not added: \(added.errors)")
                    }
                }
                try await body(ground)
                try await ground.takeAway()
            } catch {
                try await ground.takeAway()
                throw error
            }
        }
    }

    private func prepare() async throws {
        try await takeAway()
        for group in Self.groups.values { try await Command.succeed("groupadd", ["--system", group]) }
        try await add(Self.anna, shell: "/usr/sbin/nologin", ["kotib-share"])
        try await add(Self.boris, shell: "/usr/sbin/nologin", ["kotib-share"])
        try await add(Self.rustam, shell: "/bin/sh", ["kotib-share", "kotib-rsync"])
        try await Command.succeed("install", ["-d", "-m", "0755", root])
        try await Command.succeed("install", ["-d", "-m", "0711", root + "/inbox"])
        // The fixture looks into its own inbox.
        try FileManager.default.removeItem(atPath: daemon.inbox)
        try FileManager.default.createSymbolicLink(
            atPath: daemon.inbox, withDestinationPath: root + "/inbox")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // A type of key that curl's library supports too.
        try await Command.succeed("ssh-keygen", ["-q", "-t", "rsa", "-m", "PEM", "-N", "", "-f", key])
    }

    private func add(_ user: String, shell: String, _ groups: [String]) async throws {
        let names = groups.compactMap { Self.groups[$0] }.joined(separator: ",")
        // A password that nothing matches; "!" would lock the account to keys as well.
        try await Command.succeed(
            "useradd", ["--no-create-home", "--password", "*", "--shell", shell, "--groups", names, user])
    }

    private func takeAway() async throws {
        for user in [Self.anna, Self.boris, Self.rustam, Service.user] {
            _ = try await Command.run("userdel", [user])
        }
        for group in Self.groups.values { _ = try await Command.run("groupdel", [group]) }
        _ = try await Command.run("rm", ["-rf", root])
    }

    /// A configuration that ships, for this ground.
    private func shipped(_ file: String) throws -> String {
        var text = try String(contentsOfFile: Repository.file(file), encoding: .utf8)
            .replacing("/srv/kotib", with: root)
        for (name, own) in Self.groups { text = text.replacing(name, with: own) }
        return text
    }

    /// The program, its port and its log, running while `body` does.
    private func serving(
        _ program: String, _ arguments: [String], at port: UInt16, _ body: () async throws -> Void
    ) async throws {
        let log = folder + "/log"
        let process = try await ChildProcess.start(program, arguments, environment: [:], errors: log)
        do {
            try await daemon.wait(until: "\(program) listens") {
                guard process.status == nil else {
                    let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                    throw daemon.testFailure("\(program) has ended: \(said)")
                }
                return try Loopback.accepts(port)
            }
            try await body()
            await process.killAndReap()
        } catch {
            await process.killAndReap()
            throw error
        }
    }

    // MARK: Samba

    func samba(_ body: (_ port: UInt16) async throws -> Void) async throws {
        let port = try Loopback.freePort()
        try shipped("etc/samba/kotib.conf")
            .write(toFile: folder + "/kotib-smb.conf", atomically: false, encoding: .utf8)
        let places = ["private dir", "lock directory", "state directory", "cache directory", "pid directory"]
            .map { "\($0) = \(folder)/smb" }.joined(separator: "\n")
        try FileManager.default.createDirectory(
            atPath: folder + "/smb/ncalrpc", withIntermediateDirectories: true)
        try """
        [global]
        server role = standalone server
        interfaces = 127.0.0.1
        bind interfaces only = yes
        smb ports = \(port)
        disable spoolss = yes
        load printers = no
        passdb backend = tdbsam:\(folder)/smb/passdb.tdb
        ncalrpc dir = \(folder)/smb/ncalrpc
        log file = \(folder)/smb/log
        \(places)
        include = \(folder)/kotib-smb.conf
        """.write(toFile: smbConfiguration, atomically: false, encoding: .utf8)
        for user in [Self.anna, Self.boris] {
            try await Command.succeed(
                "bash",
                [
                    "-c", #"printf '%s\n%s\n' "$2" "$2" | smbpasswd -c "$0" -s -a "$1""#, smbConfiguration,
                    user, Self.password,
                ])
        }
        try await serving(
            "/usr/sbin/smbd", ["--foreground", "--no-process-group", "-s", smbConfiguration], at: port
        ) { try await body(port) }
    }

    private var smbConfiguration: String { folder + "/smb.conf" }

    /// Runs smbclient with `commands`; local paths are below `folder`.
    func smbclient(_ port: UInt16, _ user: String, _ commands: String) async throws -> Command {
        try await Command.run(
            "smbclient",
            [
                "//127.0.0.1/kotib", "--configfile", smbConfiguration, "--port", "\(port)",
                "--user", "\(user)%\(Self.password)", "--command", "lcd \(folder); \(commands)",
            ])
    }

    // MARK: SSH

    func ssh(_ body: (_ port: UInt16) async throws -> Void) async throws {
        let port = try Loopback.freePort()
        try FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        try await Command.succeed("ssh-keygen", ["-q", "-t", "rsa", "-N", "", "-f", folder + "/host"])
        // The key lies where the people may read it. The old algorithms are for Debian 12's libssh2, which
        // curl has; the subsystem is Debian's.
        try FileManager.default.copyItem(atPath: key + ".pub", toPath: root + "/key.pub")
        let main = """
            Port \(port)
            ListenAddress 127.0.0.1
            HostKey \(folder)/host
            PidFile none
            UsePAM no
            StrictModes no
            AuthorizedKeysFile \(root)/key.pub
            Subsystem sftp /usr/lib/openssh/sftp-server
            HostKeyAlgorithms +ssh-rsa
            PubkeyAcceptedAlgorithms +ssh-rsa

            """
        let file = folder + "/sshd_config"
        try (main + shipped("etc/ssh/kotib.conf")).write(toFile: file, atomically: false, encoding: .utf8)
        try await serving("/usr/sbin/sshd", ["-D", "-e", "-f", file], at: port) { try await body(port) }
    }

    private func options(_ port: UInt16) -> [String] {
        ["Port=\(port)", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
            .flatMap { ["-o", $0] } + ["-i", key, "-o", "IdentitiesOnly=yes"]
    }

    /// Runs sftp(1) with `commands`, one a line, until one fails.
    func sftp(_ port: UInt16, _ user: String, _ commands: [String]) async throws -> Command {
        let batch = folder + "/batch-\(UUID())"
        let lines = ["lcd \(folder)"] + commands
        try lines.joined(separator: "\n").write(toFile: batch, atomically: false, encoding: .utf8)
        return try await Command.run("sftp", ["-q", "-b", batch] + options(port) + ["\(user)@127.0.0.1"])
    }

    func ssh(_ port: UInt16, _ user: String, _ command: String) async throws -> Command {
        try await Command.run("ssh", options(port) + ["\(user)@127.0.0.1", command])
    }

    func rsync(_ port: UInt16, _ user: String, _ source: String, _ target: String) async throws -> Command {
        let shell = (["ssh"] + options(port)).joined(separator: " ")
        return try await Command.run("rsync", ["-a", "-e", shell, source, "\(user)@127.0.0.1:\(target)"])
    }

    func curl(_ port: UInt16, _ user: String, _ source: String, _ target: String) async throws -> Command {
        try await Command.run(
            "curl",
            [
                "--silent", "--show-error", "--insecure", "--user", "\(user):", "--key", key, "--pubkey",
                key + ".pub", "--upload-file", source, "sftp://127.0.0.1:\(port)\(target)",
            ])
    }
}
