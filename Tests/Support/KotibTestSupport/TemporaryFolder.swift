// KotibTestSupport: what tests of several targets share.

import Glibc
import KotibModel
import KotibPOSIX

/// An empty folder of a test's own, deleted with all it holds when the last reference goes.
///
/// Names are bytes; a `String` is taken by its UTF-8.
public final class TemporaryFolder: Sendable {
    /// Absolute, without a trailing slash.
    public let path: String

    /// - Throws: ``SystemError`` of mkdtemp(3).
    public init() throws(SystemError) {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/kotib-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", parent) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        Self.removeAll(Array(path.utf8))
    }

    /// The path of a name in here, for system calls.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// The path of a name of any bytes in here, with the closing NUL.
    public func path(bytes name: [UInt8]) -> [CChar] {
        (Array(path.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
    }

    /// Makes a folder and those above it.
    public func makeFolder(_ name: String) throws(SystemError) {
        var made = path
        for part in name.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o755) != 0 && errno != EEXIST { throw SystemError.last("mkdir", made) }
        }
    }

    /// Makes a file or writes it anew.
    public func write(_ text: String, to name: String) throws(SystemError) {
        try write(Array(text.utf8), to: Array(name.utf8))
    }

    public func write(_ bytes: [UInt8], to name: [UInt8]) throws(SystemError) {
        let descriptor = try SystemError.check("open", ByteText.escaped(name)) {
            open(path(bytes: name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        }
        let file = OpenFile(owning: descriptor)
        try SystemError.check("write") { Glibc.write(file.descriptor, bytes, bytes.count) }
    }

    /// A file's content; nil where it cannot be read.
    public func read(_ name: String) -> String? {
        let descriptor = open(path(name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let file = OpenFile(owning: descriptor)
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(file.descriptor, &part, part.count)
            guard count >= 0 else { return nil }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
    }

    /// The names in a folder, hidden ones too, sorted by their bytes.
    public func names(in name: String = ".") throws(SystemError) -> [String] {
        let descriptor = try SystemError.check("open", name) {
            open(path(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        return try FolderListing(OpenFile(owning: descriptor)).next(.max)
            .map { String(decoding: $0.name, as: UTF8.self) }.sorted()
    }

    public func rename(_ name: String, to newName: String) throws(SystemError) {
        try SystemError.check("rename", name) { Glibc.rename(path(name), path(newName)) }
    }

    /// Deletes a file, or a folder with all in it.
    public func remove(_ name: String) {
        Self.removeAll(Array(path(name).utf8))
    }

    private static func removeAll(_ path: [UInt8]) {
        let name = path.map { CChar(bitPattern: $0) } + [0]
        if unlink(name) == 0 { return }
        let descriptor = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        let entries = try? FolderListing(OpenFile(owning: descriptor)).next(.max)
        for entry in entries ?? [] { removeAll(path + [UInt8(ascii: "/")] + entry.name) }
        rmdir(name)
    }
}
