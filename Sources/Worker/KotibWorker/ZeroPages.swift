/// Pages of zeros amid the samples of a WAVE file, which remain where a server or downloader allocated the
/// whole file first and the rest never came.
///
/// Digital silence is zeros too, but begins and ends between any two samples. By chance about one of 1,400
/// silences at the end of a file begins at a page boundary, and of those within it one of two million does at
/// both ends.
enum ZeroPages {
    /// Bytes: what file systems and the kernel's cache give at once.
    private static let page: Int64 = 4096
    /// Bytes. Fewer are no sign of anything.
    private static let least: Int64 = 1 << 16
    /// Bytes of zeros that samples may end with before a page, or begin with behind one: of 24 bits, least
    /// first.
    private static let (samplesEnd, samplesBegin): (Int64, Int64) = (2, 1)
    /// Bytes beside the pages that are looked at, and how many of them are not 0 where they are of sound.
    private static let (margin, soundBytes) = (256, 64)

    /// - Parameters:
    ///   - runs: zeros, whose ends are off by less than a page.
    ///   - end: of the recording.
    /// - Throws: what the source throws.
    static func find(
        in runs: [Range<Int64>], of source: any ByteSource, upTo end: Int64
    ) throws -> [Range<Int64>] {
        try runs.filter { $0.count >= least - 2 * page }.compactMap { run in
            guard let first = try firstPage(of: run, source), let last = try lastPage(of: run, source, end),
                last - first >= least, try isSound(source, first - Int64(margin)),
                try last == end || isSound(source, last)
            else { return nil }
            return first..<last
        }
    }

    /// The beginning of the zeros, if a page begins there.
    private static func firstPage(of run: Range<Int64>, _ source: any ByteSource) throws -> Int64? {
        let start = max(0, run.lowerBound - page)
        let before = try source.head(at: start, count: Int(run.lowerBound - start))
        guard let last = before.lastIndex(where: { $0 != 0 }) else { return nil }
        let zeros = start + Int64(last) + 1
        let first = (zeros + page - 1) / page * page
        return first - zeros <= samplesEnd ? first : nil
    }

    /// The end of the zeros, if a page or the recording ends there.
    private static func lastPage(
        of run: Range<Int64>, _ source: any ByteSource, _ end: Int64
    ) throws -> Int64? {
        let behind = try source.head(at: run.upperBound, count: Int(max(0, min(page, end - run.upperBound))))
        guard let first = behind.firstIndex(where: { $0 != 0 }) else {
            return run.upperBound + Int64(behind.count) >= end ? end : nil
        }
        let zeros = run.upperBound + Int64(first)
        let last = zeros / page * page
        return zeros - last <= samplesBegin ? last : nil
    }

    private static func isSound(_ source: any ByteSource, _ offset: Int64) throws -> Bool {
        guard let bytes = try source.bytes(at: offset, count: margin) else { return false }
        return bytes.count { $0 != 0 } >= soundBytes
    }
}
