import Glibc
import KotibPOSIX
import KotibTestSupport
import Synchronization

/// File systems that a test mounts, and that are unmounted at its end.
final class Mounts: Sendable {
    private let places = Mutex<[String]>([])

    /// Whether this process may mount at all: root may not in every container.
    static let areAllowed: Bool = {
        guard geteuid() == 0, let folder = try? TemporaryFolder() else { return false }
        guard mount("none", folder.path, "tmpfs", 0, nil) == 0 else { return false }
        return umount2(folder.path, 0) == 0
    }()

    func tmpfs(_ path: String, _ options: String) throws {
        try SystemError.check("mount", path) { mount("none", path, "tmpfs", 0, options) }
        places.withLock { $0.append(path) }
    }

    func bind(_ source: String, _ path: String) throws {
        try SystemError.check("mount", path) { mount(source, path, nil, UInt(MS_BIND), nil) }
        places.withLock { $0.append(path) }
    }

    /// Whether file systems can be served by a program (fuse(4)).
    static let haveFUSE = access("/dev/fuse", R_OK | W_OK) == 0 && access("/usr/bin/bindfs", X_OK) == 0

    /// Shows one folder at another's place by bindfs, which tells the kernel nothing of what happens in the
    /// first.
    func fuse(_ source: String, _ path: String) async throws {
        // bindfs runs in the background until the file system is unmounted.
        try await Command.succeed("/usr/bin/bindfs", [source, path])
        places.withLock { $0.append(path) }
    }

    func remount(_ path: String, readOnly: Bool) throws {
        let flags = UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0)
        try SystemError.check("mount", path) { mount("none", path, "tmpfs", flags, nil) }
    }

    /// A lazy unmount: the path is detached at once, open files stay usable until they are closed.
    func unmount(_ path: String) {
        umount2(path, Int32(MNT_DETACH))
        places.withLock { places in
            if let last = places.lastIndex(of: path) { places.remove(at: last) }
        }
    }

    func undo() {
        for path in places.withLock({ $0 }).reversed() { unmount(path) }
    }
}
