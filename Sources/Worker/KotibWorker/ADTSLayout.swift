import KotibModel

/// The frames of a bare AAC file (ISO/IEC 13818-7, 6.2: ADTS).
enum ADTSLayout {
    static let headerSize = 7

    /// Whether `bytes`, of which two are enough, begin a frame's header.
    static func isFrame(_ bytes: [UInt8]) -> Bool {
        // Twelve bits of one, and layer 0.
        bytes.count >= 2 && bytes[0] == 0xff && bytes[1] & 0xf6 == 0xf0
    }

    /// - Throws: ``Rejection/incomplete`` where the last frame ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var walk = BlockReader(source)
        var offset = try ID3Tag.end(in: source)
        while offset < source.size {
            let header = try walk.prefix(at: offset, count: headerSize)
            guard isFrame(header) || header == [0xff] else {
                guard let next = try followedFrame(&walk, from: offset) else { return }
                offset = next
                continue
            }
            guard let length = length(header) else {
                // No room for a whole header: the file ends here.
                if header.count < headerSize { throw Rejection.incomplete }
                offset += 1
                continue
            }
            offset += length
            if offset > source.size { throw Rejection.incomplete }
        }
    }

    /// The frame's length in bytes, header included; nil if this is no header.
    static func length(_ header: [UInt8]) -> Int64? {
        guard header.count == headerSize else { return nil }
        let length = Int64(header.bigEndian(at: 3, count: 3) >> 5 & 0x1fff)
        return length >= Int64(headerSize) ? length : nil
    }

    /// Behind damage or before rubbish: a frame counts only where another follows it.
    private static func followedFrame(_ walk: inout BlockReader, from offset: Int64) throws -> Int64? {
        var offset = offset
        while let found = try walk.next(0xff, from: offset) {
            let header = try walk.prefix(at: found, count: headerSize)
            if isFrame(header), let length = length(header),
                isFrame(try walk.prefix(at: found + length, count: headerSize))
            {
                return found
            }
            offset = found + 1
        }
        return nil
    }
}
