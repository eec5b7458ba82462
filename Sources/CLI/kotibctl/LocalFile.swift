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

    /// Another file of that name stays whole until the new one is.
    static func replace(_ path: String, with bytes: [UInt8]) async throws {
        try await BlockingWork.run {
            let folder = FilePath(path).removingLastComponent()
            let beside = (folder.isEmpty ? "." : folder.string) + "/.kotibctl"
            let (temporary, file) = try make(beside, "")
            do {
                try file.closeAfter {
                    try file.writeAll(bytes)
                    // As any new file: it was made the owner's alone.
                    let mask = umask(0o077)
                    umask(mask)
                    guard fchmod(file.rawValue, 0o666 & ~mask) == 0 else { throw Errno(rawValue: errno) }
                }
                guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
            } catch {
                unlink(temporary)
                throw error
            }
        }
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
