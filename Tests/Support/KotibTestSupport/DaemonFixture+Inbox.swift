import Foundation
import Glibc
import KotibPOSIX

/// The fields of lstat(2) that stay the same as long as nobody touches the file.
public struct FileStamp: Equatable, Sendable {
    public var inode: UInt64
    public var mode: UInt32
    public var owner: UInt32
    /// Bytes.
    public var size: Int
    /// Nanoseconds since 1970.
    public var modified: Int
}

/// A person's actions in the inbox. Names are relative to it, such as `alisher/talk.wav`.
extension DaemonFixture {
    /// The path for system calls.
    public func path(_ name: String) -> String { inbox + "/" + name }

    /// Creates a folder and those above it.
    public func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    }

    /// Copies a file as cp(1) does: opens the final name, writes in pieces, closes. Creates the folder if
    /// there is none.
    public func drop(_ source: String, as name: String) throws {
        try write(Data(contentsOf: URL(filePath: source)), as: name)
    }

    public func write(_ data: Data, as name: String) throws {
        try makeFolder((name as NSString).deletingLastPathComponent)
        try append(data, to: name, truncating: true)
    }

    /// Opens, writes and closes: what a slow writer does again and again.
    public func append(_ data: Data, to name: String, truncating: Bool = false) throws {
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC | (truncating ? O_TRUNC : O_APPEND)
        let descriptor = try SystemError.check("open", name) { open(path(name), flags, 0o644) }
        let file = OpenFile(owning: descriptor)
        // The size of cp's own pieces.
        for start in stride(from: 0, to: data.count, by: 131_072) {
            let piece = [UInt8](
                data[data.startIndex + start..<data.startIndex + min(start + 131_072, data.count)])
            try SystemError.check("write", name) { Glibc.write(file.descriptor, piece, piece.count) }
        }
    }

    /// rename(2) from a path of the same file system, over what is there.
    public func move(from source: String, to name: String) throws {
        try SystemError.check("rename", name) { rename(source, path(name)) }
    }

    public func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path(name))
    }

    /// The names in a folder, hidden ones too, sorted.
    public func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(folder)).sorted()
    }

    /// Nil where there is no such file.
    public func text(of name: String) -> String? {
        FileManager.default.contents(atPath: path(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Nil where the name is free.
    public func stamp(of name: String) -> FileStamp? {
        var status = Glibc.stat()
        guard lstat(path(name), &status) == 0 else { return nil }
        return FileStamp(
            inode: UInt64(status.st_ino), mode: UInt32(status.st_mode), owner: status.st_uid,
            size: Int(status.st_size),
            modified: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
    }

    /// Waits for a file and returns its content at first sight: what is not whole then was not written at
    /// once.
    @discardableResult
    public func awaitText(of name: String, within limit: Duration = .seconds(60)) async throws -> String {
        try await eventually("there is \(name)", within: limit) { text(of: name) }
    }

    public func awaitAbsence(of name: String, within limit: Duration = .seconds(60)) async throws {
        try await wait(until: "\(name) is gone", within: limit) { stamp(of: name) == nil }
    }
}
