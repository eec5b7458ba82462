import CAV
import Glibc
import KotibModel
import KotibPOSIX

/// Reads a file for inspection and hashes each byte the first time that it comes in sequence, so that one
/// pass over the file serves libmagic, libav and the hash. Limited to the size that the daemon saw: a file of
/// another size by now is still being written.
final class HashingReader: ByteSource {
    let size: Int64
    private let file: OpenFile
    private let hash: OpaquePointer
    /// All bytes before this offset are in the hash.
    private var hashed: Int64 = 0
    private var zeros = ZeroRuns()
    /// The first bytes, which libmagic, the container checks and libav all want.
    private var start: [UInt8] = []

    /// Bytes of zeros in a row that sparse copies of a silent recording may be without space for (ZFS goes by
    /// records of 128 KiB, cp by blocks): fewer are no sign of anything.
    private static let longestSilence: Int64 = 1 << 16
    private static let maxHoles = 10_000
    /// SEEK_DATA and SEEK_HOLE of Linux's uapi/linux/fs.h, which glibc shows to _GNU_SOURCE alone.
    private static let (seekData, seekHole): (Int32, Int32) = (3, 4)

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
        zeros.add(new, at: hashed)
        hashed += Int64(new.count)
    }

    /// Stretches of zeros in the bytes before `end`, all of which are read now.
    /// - Throws: what ``read(into:at:)`` throws.
    func zeroRuns(before end: Int64) throws -> [Range<Int64>] {
        try hash(upTo: end)
        if hashed >= size { zeros.close() }
        return zeros.runs
    }

    /// The holes of a sparse file in `range`: bytes without space on the disk, which read as zeros; those
    /// of ``longestSilence`` at least. Only where it tells (lseek(2), SEEK_HOLE).
    func holes(in range: Range<Int64>) -> [Range<Int64>] {
        var holes: [Range<Int64>] = []
        var offset = range.lowerBound
        while offset < range.upperBound, holes.count < Self.maxHoles {
            let start = Int64(lseek(file.descriptor, off_t(offset), Self.seekHole))
            guard start >= 0, start < range.upperBound else { break }
            // ENXIO: no data behind it.
            let next = Int64(lseek(file.descriptor, off_t(start), Self.seekData))
            let end = next < 0 ? range.upperBound : min(next, range.upperBound)
            if end - start >= Self.longestSilence { holes.append(start..<end) }
            offset = max(end, start + 1)
        }
        return holes
    }

    /// Hashes bytes that no reader asked for.
    private func hash(upTo end: Int64) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while hashed < end {
            if try read(into: buffer, at: hashed) == 0 { throw Rejection.incomplete }
        }
    }

    /// Hashes the rest and gives the SHA-256 of the whole file.
    /// - Throws: ``Rejection/incomplete`` where the file is longer or shorter than it was.
    func finish() throws -> [UInt8] {
        try hash(upTo: size)
        let isLonger = try withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { beyond in
            try file.pread(beyond, at: size) > 0
        }
        if isLonger { throw Rejection.incomplete }
        return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            av_sha_final(hash, digest.baseAddress)
            count = 32
        }
    }
}
