import Glibc

/// The frames of a log (https://www.sqlite.org/fileformat2.html#walformat).
struct WriteAheadLog {
    private let descriptor: Int32
    private let pageSize: Int
    private let isBigEndian: Bool
    private let salts: [UInt8]
    private let sums: (UInt32, UInt32)

    private static let headerSize = 32
    private static let frameHeaderSize = 24

    /// Whether acknowledged commits are lost: two or more lie behind the first frame with a wrong checksum,
    /// or all behind a header with one. A crash of the machine can tear the last commit, which was not
    /// acknowledged; the one before was on the disk by then. False if there is no log.
    static func hasLostCommits(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let header = read(descriptor, at: 0, headerSize) else { return false }
        guard let log = WriteAheadLog(descriptor, header) else {
            return read(descriptor, at: headerSize, frameHeaderSize) != nil
        }
        return log.hasLostCommits()
    }

    /// Whether the index of a log (https://www.sqlite.org/walformat.html#the_wal_index_file_format) has
    /// commits that are not in the database yet. SQLite sets `mxFrame` to 0 before it truncates the log, and
    /// raises it only after the frames are on the disk: an empty log is no loss beside an index without
    /// frames, or one whose frames were all copied (`nBackfill`). False if there is no index, or none that is
    /// whole.
    static func hasUnsavedCommits(index path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let index = read(descriptor, at: 0, 100), index[..<48].elementsEqual(index[48..<96]),
            index[12] == 1
        else { return false }
        let number = { (offset: Int) in
            index.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        }
        let (version, last, copied) = (number(0), number(16), number(96))
        return version == indexVersion && last > copied
    }

    /// `WALINDEX_MAX_VERSION`, in the machine's byte order as all of the index.
    private static let indexVersion: UInt32 = 3_007_000

    /// Nil where its first bytes are no log's.
    private init?(_ descriptor: Int32, _ header: [UInt8]) {
        let magic = Self.word(header, 0)
        guard magic & ~1 == 0x377f_0682 else { return nil }
        self.descriptor = descriptor
        isBigEndian = magic & 1 == 1
        pageSize = Int(Self.word(header, 8))
        guard (512...65_536).contains(pageSize), pageSize & (pageSize - 1) == 0 else { return nil }
        salts = Array(header[16..<24])
        sums = Self.sum(header[..<24], (0, 0), isBigEndian)
        guard sums.0 == Self.word(header, 24), sums.1 == Self.word(header, 28) else { return nil }
    }

    private func hasLostCommits() -> Bool {
        var (sums, isBroken, lost) = (sums, false, 0)
        var offset = Self.headerSize
        while let frame = Self.read(descriptor, at: offset, Self.frameHeaderSize + pageSize) {
            offset += frame.count
            guard Array(frame[8..<16]) == salts else {
                isBroken = true
                continue
            }
            if !isBroken {
                let next = Self.sum(frame[24...], Self.sum(frame[..<8], sums, isBigEndian), isBigEndian)
                isBroken = next.0 != Self.word(frame, 16) || next.1 != Self.word(frame, 20)
                sums = next
            }
            // With a size of the database: the last frame of a commit.
            if isBroken, Self.word(frame, 4) > 0 { lost += 1 }
            if lost > 1 { return true }
        }
        return false
    }

    /// - Returns: nil where there are not so many.
    private static func read(_ descriptor: Int32, at offset: Int, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return pread(descriptor, &bytes, count, off_t(offset)) == count ? bytes : nil
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func sum(
        _ bytes: ArraySlice<UInt8>, _ start: (UInt32, UInt32), _ isBigEndian: Bool
    ) -> (UInt32, UInt32) {
        var (first, second) = start
        bytes.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                let pair = (
                    bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self),
                    bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                )
                first &+= (isBigEndian ? UInt32(bigEndian: pair.0) : UInt32(littleEndian: pair.0)) &+ second
                second &+= (isBigEndian ? UInt32(bigEndian: pair.1) : UInt32(littleEndian: pair.1)) &+ first
            }
        }
        return (first, second)
    }
}
