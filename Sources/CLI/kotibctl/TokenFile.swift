import Glibc
import KotibPOSIX
import SystemPackage

/// The file of a login's token: one for each socket, so that no daemon is sent another's token.
struct TokenFile: Sendable {
    enum Failure: Error, Hashable {
        /// Neither XDG_STATE_HOME nor HOME names an absolute path.
        case noHome
        /// Another user can read or write it, or owns it.
        case unsafe(path: String)
        case system(path: String, Errno)
    }

    /// Beyond any token of Kotib's, in bytes.
    private static let longest = 16_384

    let folder: FilePath
    let path: FilePath

    /// In `$XDG_STATE_HOME/kotib`, otherwise `~/.local/state/kotib`.
    init(socket: String, environment: [String: String]) throws(Failure) {
        let home = environment["HOME"].map { $0 + "/.local/state" }
        // The XDG specification has paths that are not absolute ignored.
        guard
            let state = [environment["XDG_STATE_HOME"], home].compactMap({ $0 }).first(where: {
                $0.hasPrefix("/")
            })
        else { throw .noHome }
        folder = FilePath(state).appending("kotib")
        let name = socket.replacing("%", with: "%25").replacing("/", with: "%2F")
        path = folder.appending("token-" + name)
    }

    /// Nil where nobody has logged in.
    func read() async throws(Failure) -> String? {
        try await BlockingWork.run { () throws(Failure) in try readNow() }
    }

    func write(_ token: String) async throws(Failure) {
        try await BlockingWork.run { () throws(Failure) in try writeNow(token) }
    }

    func remove() async throws(Failure) {
        try await BlockingWork.run { () throws(Failure) in
            if unlink(path.string) != 0, errno != ENOENT { throw failure() }
        }
    }

    private func readNow() throws(Failure) -> String? {
        do {
            let file = try FileDescriptor.open(
                path, .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
            return try file.closeAfter {
                try checkOwner(file)
                var bytes = [UInt8](repeating: 0, count: Self.longest)
                let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
                return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first.map(
                    String.init)
            }
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return nil
        } catch let error as Failure {
            throw error
        } catch {
            throw failure(error)
        }
    }

    /// A file under another name first: the old token stays until the new one is whole.
    private func writeNow(_ token: String) throws(Failure) {
        do {
            try makeFolder()
            let temporary = folder.appending(".token-\(getpid())-\(UInt64.random(in: .min ... .max))")
            let file = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: [.ownerRead, .ownerWrite])
            do {
                try file.closeAfter {
                    try file.writeAll((token + "\n").utf8)
                    guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
                }
                guard rename(temporary.string, path.string) == 0 else { throw Errno(rawValue: errno) }
            } catch {
                unlink(temporary.string)
                throw error
            }
        } catch {
            throw failure(error)
        }
    }

    private func makeFolder() throws {
        var made = FilePath(root: folder.root, [])
        for part in folder.components {
            made.append(part)
            if mkdir(made.string, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
        }
        let descriptor = try FileDescriptor.open(
            folder, .readOnly, options: [.directory, .closeOnExec, .noFollow])
        try descriptor.closeAfter {
            guard fchmod(descriptor.rawValue, 0o700) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    private func checkOwner(_ file: FileDescriptor) throws {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0, status.st_mode & S_IFMT == S_IFREG
        else {
            throw Failure.unsafe(path: path.string)
        }
    }

    private func failure(_ error: any Error = Errno(rawValue: errno)) -> Failure {
        .system(path: path.string, error as? Errno ?? .ioError)
    }
}
