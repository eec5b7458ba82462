import Glibc
import KotibPOSIX
import SystemPackage

/// Files of the person who runs kotibctl.
enum LocalFile {
    private static let piece = 256 << 10

    /// All of a file, or of standard input.
    static func read(_ file: FileDescriptor) async throws -> [UInt8] {
        try await BlockingWork.run {
            var all: [UInt8] = []
            while true {
                let bytes = try [UInt8](unsafeUninitializedCapacity: piece) { buffer, count in
                    count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
                }
                guard !bytes.isEmpty else { return all }
                all += bytes
            }
        }
    }

    static func read(_ path: String) async throws -> [UInt8] {
        let file = try await BlockingWork.run {
            try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
        }
        defer { try? file.close() }
        return try await read(file)
    }

    /// A new file for nobody else (0600), in TMPDIR or /tmp.
    static func temporary(
        ending: String, environment: [String: String]
    ) async throws -> (path: String, file: FileDescriptor) {
        let folder = environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        return try await BlockingWork.run { try make(folder + "/kotibctl", ending) }
    }

    /// As ``temporary(ending:environment:)``, but without a name: nothing stays behind however this ends.
    static func unnamed(environment: [String: String]) async throws -> FileDescriptor {
        let (path, file) = try await temporary(ending: "", environment: environment)
        _ = await BlockingWork.run { unlink(path) }
        return file
    }

    /// A file of that name stays whole until the new one is, which gets its permissions and, where that is
    /// allowed, its owner. A device or a pipe is written to, and so are standard output and standard error
    /// under any name.
    /// - Parameter followsLinks: false replaces whatever has the name: where nobody has named the file, a
    ///   link may have been put there by somebody else.
    /// - Returns: false if it was standard output or standard error.
    static func replace(_ path: String, with bytes: [UInt8], followsLinks: Bool) async throws -> Bool {
        try await BlockingWork.run {
            let found = status(of: path, followsLinks: followsLinks)
            let isFile = found.map { $0.st_mode & S_IFMT == S_IFREG } ?? true
            guard followsLinks else {
                try replace(path, with: bytes, like: isFile ? found : nil)
                return true
            }
            if let open = found.flatMap(standardDescriptor) {
                try write(bytes, to: open)
                return false
            }
            if isFile {
                try replace(target(of: path), with: bytes, like: found)
            } else {
                let file = try FileDescriptor.open(
                    path, .writeOnly, options: [.closeOnExec, .init(rawValue: O_NOCTTY)])
                try file.closeAfter { try write(bytes, to: file) }
            }
            return true
        }
    }

    /// Nil where there is nothing, or a link that leads to nothing.
    private static func status(of path: String, followsLinks: Bool) -> stat? {
        var status = stat()
        return fstatat(AT_FDCWD, path, &status, followsLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }

    /// Standard output or standard error, if that is the file: renaming another over it would leave the
    /// shell's redirection with the old one.
    private static func standardDescriptor(_ file: stat) -> FileDescriptor? {
        [FileDescriptor.standardOutput, .standardError].first { descriptor in
            var status = stat()
            return fstat(descriptor.rawValue, &status) == 0 && status.st_dev == file.st_dev
                && status.st_ino == file.st_ino
        }
    }

    private static func write(_ bytes: [UInt8], to file: FileDescriptor) throws {
        do {
            try file.writeAll(bytes)
        } catch Errno.brokenPipe {
            throw BrokenPipe()
        }
    }

    /// Follows links at the end of a path, also where the last one leads to nothing.
    private static func target(of path: String) throws -> String {
        var path = FilePath(path)
        // As many as the kernel follows: path_resolution(7).
        for _ in 0..<40 {
            var name = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = readlink(path.string, &name, name.count)
            // EINVAL: no link.
            guard count >= 0 else { return path.string }
            path = path.removingLastComponent()
                .pushing(FilePath(String(decoding: name.prefix(count), as: UTF8.self)))
        }
        throw Errno.tooManySymbolicLinkLevels
    }

    private static func replace(_ path: String, with bytes: [UInt8], like old: stat?) throws {
        let folder = FilePath(path).removingLastComponent()
        let beside = (folder.isEmpty ? "." : folder.string) + "/.kotibctl"
        let (temporary, file) = try make(beside, "")
        do {
            try file.closeAfter {
                try file.writeAll(bytes)
                let mode = if let old { keepOwner(of: old, file) } else { newFileMode }
                guard fchmod(file.rawValue, mode) == 0 else { throw Errno(rawValue: errno) }
            }
            guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// - Returns: the permissions of the old file.
    private static func keepOwner(of old: stat, _ file: FileDescriptor) -> mode_t {
        // Only root may give a file away (chown(2)); anybody may keep a group of their own.
        if fchown(file.rawValue, old.st_uid, old.st_gid) != 0 {
            _ = fchown(file.rawValue, uid_t.max, old.st_gid)
        }
        return old.st_mode & 0o777
    }

    /// As of any new file: the temporary one was made the owner's alone.
    private static var newFileMode: mode_t {
        let mask = umask(0o077)
        umask(mask)
        return 0o666 & ~mask
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func make(_ start: String, _ ending: String) throws -> (String, FileDescriptor) {
        let path = "\(start)-\(getpid())-\(UInt64.random(in: .min ... .max))\(ending)"
        let file = try FileDescriptor.open(
            path, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite)
        return (path, file)
    }
}
