import Glibc

/// Finds runs of zeros in a file that is read from its beginning to its end. Coded sound has none, so that
/// they were never written, as where a downloader or a file server allocated the whole file first.
struct ZeroRuns {
    /// Found so far, in whole blocks, each at least ``least`` long.
    private(set) var runs: [Range<Int64>] = []
    private var current: Range<Int64>?

    /// Bytes looked at together.
    private static let block = 1024
    /// Bytes. File systems give space by pages of 4 KiB; frames of MPEG audio are at most 2,881 bytes
    /// (ISO/IEC 11172-3, layer II at 32 kHz), silent ones of other codecs small.
    static let least: Int64 = 4096
    private static let most = 10_000

    /// The next bytes of the file, which begin at `offset`.
    mutating func add(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        var start = 0
        while start < bytes.count {
            let count = min(Self.block, bytes.count - start)
            let place = offset + Int64(start)
            if Self.isZero(UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])) {
                current = (current?.lowerBound ?? place)..<place + Int64(count)
            } else {
                close()
            }
            start += count
        }
    }

    /// Ends the one that goes on.
    mutating func close() {
        guard let run = current else { return }
        current = nil
        if run.count >= Self.least, runs.count < Self.most { runs.append(run) }
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Each byte is like the next, and the first is 0.
        guard let start = bytes.baseAddress, bytes[0] == 0 else { return false }
        return memcmp(start, start + 1, bytes.count - 1) == 0
    }
}
