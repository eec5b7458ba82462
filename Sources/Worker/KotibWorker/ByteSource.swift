import Glibc
import KotibPOSIX

/// The bytes of one file, at any offset: what libav and the container checks read from.
protocol ByteSource: AnyObject {
    /// Bytes.
    var size: Int64 { get }

    /// Fills as much of `buffer` as there is at `offset`; 0 at the end of the file or beyond.
    /// - Throws: ``SystemError`` of pread(2), or a ``Rejection`` where the file is no longer what it was.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int
}

extension ByteSource {
    /// `count` bytes at `offset`, or nil where the file ends before that.
    func bytes(at offset: Int64, count: Int) throws -> [UInt8]? {
        guard offset >= 0, offset <= size, Int64(count) <= size - offset else { return nil }
        let bytes = try head(at: offset, count: count)
        return bytes.count == count ? bytes : nil
    }

    /// Up to `count` bytes at `offset`.
    func head(at offset: Int64 = 0, count: Int) throws -> [UInt8] {
        var failure: (any Error)?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            do {
                while filled < count {
                    let rest = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                    let read = try read(into: rest, at: offset + Int64(filled))
                    if read == 0 { break }
                    filled += read
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// A descriptor read by pread(2), whatever its offset: that is shared with the daemon, which reads by
/// pread(2) as well, and others move it (``HashingReader/holes(in:)``).
final class FileSource: ByteSource {
    let size: Int64
    private let file: OpenFile

    /// - Throws: ``SystemError`` of fstat(2).
    init(_ file: OpenFile) throws(SystemError) {
        var status = stat()
        try SystemError.check("fstat") { fstat(file.descriptor, &status) }
        self.file = file
        size = Int64(status.st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        guard offset >= 0, offset < size else { return 0 }
        return try file.pread(buffer, at: offset)
    }
}

extension OpenFile {
    func pread(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemError) -> Int {
        try SystemError.check("pread") {
            Glibc.pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        }
    }
}
