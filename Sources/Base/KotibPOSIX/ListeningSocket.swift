import Glibc

/// A Unix stream socket that listens (unix(7)).
public final class ListeningSocket: Sendable {
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// A program accepts connections there already.
        case inUse(path: String)
        /// A file that is not a socket has the name.
        case occupied(path: String)
        case tooLong(path: String)
        case noSuchGroup(String)
        case system(path: String, SystemError)

        public var description: String {
            switch self {
            case .inUse(let path):
                "another program answers at the control socket \(path); stop it, or name another"
            case .occupied(let path):
                "\(path) is no socket, so it is left alone; remove it, or name another (control.socket)"
            case .tooLong(let path):
                "the path \(path) is longer than \(ListeningSocket.longestPath) bytes; name a shorter one "
                    + "(control.socket)"
            case .noSuchGroup(let name): "there is no group \(name) on this machine (control.group)"
            case .system(let path, let error): "the control socket \(path) cannot be made: \(error)"
            }
        }
    }

    /// Bytes: `sun_path` without its NUL (unix(7)) and the letter of the name that it first has.
    public static let longestPath = 106

    public let descriptor: Int32
    private let path: String
    private let identity: (device: UInt64, inode: UInt64)?

    /// A socket that systemd made and passed (sd_listen_fds(3)). Its file stays when the daemon ends.
    init(passed descriptor: Int32) {
        self.descriptor = descriptor
        path = ""
        identity = nil
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Creates a socket. Its mode and group are set before it gets its name, so that nobody connects in
    /// between; the socket of a dead daemon is replaced.
    /// - Parameter group: by name; nil for the process's own.
    public init(path: String, mode: UInt16, group: String?, backlog: Int32 = 1024) throws(Failure) {
        guard path.utf8.count <= Self.longestPath else { throw .tooLong(path: path) }
        try Self.requireUnused(path)
        var groupID = gid_t.max
        if let group {
            guard let entry = getgrnam(group) else { throw .noSuchGroup(group) }
            groupID = entry.pointee.gr_gid
        }
        do throws(SystemError) {
            descriptor = try Self.make(path, mode: mode, group: groupID, backlog: backlog)
        } catch {
            throw .system(path: path, error)
        }
        var status = Glibc.stat()
        identity = lstat(path, &status) == 0 ? (UInt64(status.st_dev), UInt64(status.st_ino)) : nil
        self.path = path
    }

    private static func make(
        _ path: String, mode: UInt16, group: gid_t, backlog: Int32
    ) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = try SystemError.check("socket") { socket(AF_UNIX, type, 0) }
        let made = path + "~"
        unlink(made)
        do throws(SystemError) {
            try SystemError.check("bind", made) { withAddress(made) { bind(descriptor, $0, $1) } }
            try SystemError.check("chown", made) { chown(made, uid_t.max, group) }
            try SystemError.check("chmod", made) { chmod(made, mode_t(mode)) }
            try SystemError.check("listen", made) { listen(descriptor, backlog) }
            try SystemError.check("rename", path) { rename(made, path) }
        } catch {
            close(descriptor)
            unlink(made)
            throw error
        }
        return descriptor
    }

    /// Removes the name if it is still this socket's. The server owns and closes the descriptor.
    public func removeName() {
        guard let identity else { return }
        var status = Glibc.stat()
        guard lstat(path, &status) == 0, UInt64(status.st_dev) == identity.device,
            UInt64(status.st_ino) == identity.inode
        else { return }
        unlink(path)
    }

    private static func requireUnused(_ path: String) throws(Failure) {
        var status = Glibc.stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .occupied(path: path) }
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let probe = socket(AF_UNIX, type, 0)
        guard probe >= 0 else { throw .system(path: path, SystemError.last("socket", path)) }
        defer { close(probe) }
        let connected = withAddress(path) { connect(probe, $0, $1) } == 0
        // Nobody listens only where the kernel says so. EAGAIN is a full backlog (unix(7)), EACCES another
        // user's.
        if connected || ![ECONNREFUSED, ENOENT].contains(errno) { throw .inUse(path: path) }
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

extension ListeningSocket {
    /// The first Unix stream socket that systemd passed to this process; nil where it passed none.
    /// - Parameter environment: LISTEN_PID and LISTEN_FDS count (sd_listen_fds(3)).
    public static func passed(_ environment: [String: String]) -> ListeningSocket? {
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == getpid(),
            let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0, count <= 64
        else { return nil }
        // SD_LISTEN_FDS_START
        for descriptor in 3..<(3 + count) where isListeningUnixStream(descriptor) {
            return ListeningSocket(passed: descriptor)
        }
        return nil
    }

    private static func isListeningUnixStream(_ descriptor: Int32) -> Bool {
        func option(_ name: Int32) -> Int32 {
            var value: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &size) == 0 ? value : -1
        }
        return option(SO_DOMAIN) == AF_UNIX && option(SO_TYPE) == Int32(SOCK_STREAM.rawValue)
            && option(SO_ACCEPTCONN) == 1
    }
}
