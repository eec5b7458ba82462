import KotibModel

/// The ID3v2 tags before the sound of an MP3 or FLAC file (id3.org, "ID3 tag version 2.4.0", 3.1).
enum ID3Tag {
    private static let maxTags = 16

    /// The offset of the first byte after the tags; 0 without any.
    /// - Throws: ``Rejection/incomplete`` where a tag ends beyond the end of the file.
    static func end(in source: any ByteSource) throws -> Int64 {
        var offset: Int64 = 0
        for _ in 0..<maxTags {
            guard let next = try end(from: offset, in: source) else { break }
            offset = next
            if offset >= source.size { throw Rejection.incomplete }
        }
        return offset
    }

    /// Behind the tag that begins at `offset`; nil where none does, or it ends beyond the end of the file.
    static func next(from offset: Int64, in source: any ByteSource) throws -> Int64? {
        guard try source.bytes(at: offset, count: 10) != nil, let end = try end(from: offset, in: source)
        else { return nil }
        return end < source.size ? end : nil
    }

    private static func end(from offset: Int64, in source: any ByteSource) throws -> Int64? {
        let header = try source.head(at: offset, count: 10)
        guard header.starts(with: Array("ID3".utf8)) else { return nil }
        if header.count < 10 { throw Rejection.incomplete }
        // Four bytes of seven bits; a footer is not counted in.
        let size = header[6..<10].reduce(Int64(0)) { $0 << 7 | Int64($1 & 0x7f) }
        let footer: Int64 = header[5] & 0x10 != 0 ? 10 : 0
        return offset + 10 + size + footer
    }
}
