import CAV
import KotibModel
import KotibPOSIX

/// Reads a file for inspection and hashes each byte the first time that it comes in sequence, so that one pass
/// over the file serves libmagic, libav and the hash. Bound to the size that the daemon saw: a file that has
/// become shorter or longer meanwhile is still being written.
final class HashingReader: ByteSource {
    let size: Int64
    private let file: OpenFile
    private let hash: OpaquePointer
    /// All bytes before this offset are in the hash.
    private var hashed: Int64 = 0
    /// The first bytes, which libmagic, the container checks and libav all want.
    private var start: [UInt8] = []

    /// Bytes of a file that libmagic looks at.
    static let longestHead = 1 << 20

    init(_ file: OpenFile, size: Int64) throws {
        guard let hash = av_sha_alloc() else { throw EngineFailure(message: "out of memory") }
        av_sha_init(hash, 256)
        self.file = file
        self.size = size
        self.hash = hash
    }

    deinit {
        av_free(UnsafeMutableRawPointer(hash))
    }

    /// The first bytes, at most ``longestHead``, kept for the reads that follow.
    func head() throws -> [UInt8] {
        if start.isEmpty { start = try head(count: Int(min(size, Int64(Self.longestHead)))) }
        return start
    }

    /// - Throws: ``Rejection/incomplete`` where the file is shorter than it was.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws -> Int {
        guard offset >= 0, offset < size else { return 0 }
        let wanted = UnsafeMutableRawBufferPointer(
            rebasing: buffer.prefix(Int(min(Int64(buffer.count), size - offset))))
        if let known = copyFromStart(to: wanted, at: offset) { return known }
        let count = try file.pread(wanted, at: offset)
        if count == 0 && !wanted.isEmpty { throw Rejection.incomplete }
        absorb(UnsafeRawBufferPointer(rebasing: wanted.prefix(count)), at: offset)
        return count
    }

    private func copyFromStart(to buffer: UnsafeMutableRawBufferPointer, at offset: Int64) -> Int? {
        guard offset < Int64(start.count) else { return nil }
        let known = start[Int(offset)...].prefix(buffer.count)
        buffer.copyBytes(from: known)
        return known.count
    }

    private func absorb(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        guard offset <= hashed, offset + Int64(bytes.count) > hashed else { return }
        let new = UnsafeRawBufferPointer(rebasing: bytes[Int(hashed - offset)...])
        av_sha_update(hash, new.bindMemory(to: UInt8.self).baseAddress, new.count)
        hashed += Int64(new.count)
    }

    /// Hashes what nobody has asked for and gives the SHA-256 of the whole file.
    /// - Throws: ``Rejection/incomplete`` where the file is longer or shorter than it was.
    func finish() throws -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while hashed < size {
            if try read(into: buffer, at: hashed) == 0 { throw Rejection.incomplete }
        }
        let beyond = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(1))
        if try file.pread(beyond, at: size) > 0 { throw Rejection.incomplete }
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            av_sha_final(hash, digest.baseAddress)
            count = 32
        }
    }
}
