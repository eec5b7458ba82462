import Glibc

/// Whether this process may connect to a socket, and the group that may.
enum SocketPermission: Hashable, Sendable {
    /// connect(2) fails with EACCES.
    /// - Parameter group: the group that may connect, by its name or else its number; nil where only the
    ///   owner may, or where that cannot be seen.
    case denied(group: String?)
    /// There is nothing at the path, or the kernel lets this process write to it.
    case notDenied

    init(of path: String) {
        // Connecting takes write permission for the socket and search permission for its folders (unix(7)).
        guard faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0, errno == EACCES else {
            self = .notDenied
            return
        }
        self = .denied(group: Self.connectingGroup(at: path))
    }

    /// Of the socket, or of the folder that cannot be searched.
    private static func connectingGroup(at path: String) -> String? {
        var status = stat()
        var path = path
        var needed = mode_t(S_IWGRP)
        while stat(path, &status) != 0 {
            // Above the root there is nothing.
            guard path != "/", errno == EACCES, let slash = path.lastIndex(of: "/") else { return nil }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
            needed = mode_t(S_IXGRP)
        }
        return status.st_mode & needed == needed ? name(ofGroup: status.st_gid) : nil
    }

    private static func name(ofGroup id: gid_t) -> String {
        // The buffer size that the manual calls enough for most (getgrgid_r(3)), doubled on ERANGE.
        var size = 1024
        while size <= 1 << 20 {
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            var room = [CChar](repeating: 0, count: size)
            let code = getgrgid_r(id, &entry, &room, room.count, &found)
            if code == ERANGE {
                size *= 2
                continue
            }
            guard code == 0, found != nil, let name = entry.gr_name else { break }
            return String(cString: name)
        }
        return String(id)
    }
}
