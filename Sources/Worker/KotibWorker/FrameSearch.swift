import KotibModel

/// Finds MPEG audio, which has no signature: consecutive frames behind tags and any garbage that an encoder,
/// a recorder or a broken download left before them.
struct FrameSearch {
    /// The offset of the first frame.
    var start: Int64
    /// ``Container/mp3`` or ``Container/aac``.
    var container: Container

    /// Bytes behind the tags in which the first frame must begin, as in libav's mp3 demuxer.
    private static let longestGap = 64 * 1024
    /// The number of consecutive frames that proves them: one in a hundred million random files has as many.
    private static let proof = 4

    /// Nil where there are none.
    /// - Throws: what the source throws.
    init?(_ source: any ByteSource) throws {
        let gapStart = try Self.endOfRubbish(in: source)
        let gap = try source.head(at: gapStart, count: Self.longestGap)
        for position in gap.indices.dropLast(3) where gap[position] == 0xff {
            let offset = gapStart + Int64(position)
            for container in [Container.mp3, .aac] {
                if try Self.isChain(source, from: offset, container) {
                    (start, self.container) = (offset, container)
                    return
                }
            }
        }
        return nil
    }

    /// The offset from which a demuxer reads: 0 if the frames follow the ID3 tags, which it understands, or
    /// if there are none.
    static func start(in source: any ByteSource) throws -> Int64 {
        guard let found = try FrameSearch(source) else { return 0 }
        let tags = try? ID3Tag.end(in: source)
        return found.start == tags ? 0 : found.start
    }

    private static func isChain(
        _ source: any ByteSource, from start: Int64, _ container: Container
    ) throws -> Bool {
        var offset = start
        var first: [UInt8]?
        for count in 0..<proof {
            // A short file ends with a whole frame.
            if offset == source.size { return count >= 2 }
            guard let header = try source.bytes(at: offset, count: 4),
                let length = try length(
                    source, offset, header, container)
            else { return false }
            if let first, !isAlike(first, header) { return false }
            first = header
            offset += length
        }
        return true
    }

    private static func length(
        _ source: any ByteSource, _ offset: Int64, _ header: [UInt8], _ container: Container
    ) throws -> Int64? {
        guard container == .aac else { return MPEGFrameHeader(header).map { Int64($0.length) } }
        guard ADTSLayout.isFrame(header) else { return nil }
        return try source.bytes(at: offset, count: ADTSLayout.headerSize).flatMap(ADTSLayout.length)
    }

    /// The same version, layer and sample rate, as frames of one stream have: SAME_HEADER_MASK of libav's
    /// mpegaudiodecheader.h but for the channels, and the same bits in ADTS.
    private static func isAlike(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a[1] & 0xfe == b[1] & 0xfe && a[2] & 0x0c == b[2] & 0x0c
    }

    /// Behind tags, and behind zeros, as a recorder leaves them that never filled its first block.
    private static func endOfRubbish(in source: any ByteSource) throws -> Int64 {
        var offset: Int64 = 0
        for _ in 0..<16 {
            let before = offset
            offset = try ID3Tag.next(from: offset, in: source) ?? offset
            offset = try APETag.end(from: offset, in: source) ?? offset
            offset = try BlockReader.endOfZeros(from: offset, in: source)
            if offset == before { break }
        }
        return offset
    }
}

/// APEv2 tags before the sound ("APE Tags Header", Hydrogenaudio Knowledgebase): 32 bytes, the size of what
/// follows at the twelfth, least first.
enum APETag {
    private static let headerSize: Int64 = 32

    /// Behind the tag that begins at `offset`; nil where none does.
    static func end(from offset: Int64, in source: any ByteSource) throws -> Int64? {
        guard let header = try source.bytes(at: offset, count: Int(headerSize)),
            header.starts(with: Array("APETAGEX".utf8))
        else { return nil }
        let end = offset + headerSize + Int64(header.littleEndian(at: 12, count: 4))
        return end <= source.size ? end : nil
    }
}
