import KotibModel

/// The metadata of a FLAC file before its first frame (RFC 9639, section 8).
struct FLACLayout {
    static let magic = Array("fLaC".utf8)

    /// Of each channel; nil if the writer did not know it.
    var totalSamples: UInt64?
    /// The offset of the first frame.
    private(set) var start: Int64

    /// The beginning of each recording, if several were joined: with the signature and the first block, which
    /// is always the same one of 34 bytes.
    static func starts(in source: any ByteSource) throws -> [Int64] {
        let beginning = magic + [0, 0, 0, 34]
        var walk = BlockReader(source)
        var starts: [Int64] = [0]
        var offset = ((try? ID3Tag.end(in: source)) ?? 0) + Int64(beginning.count)
        while starts.count < RecordingPart.most, let found = try walk.next(beginning[0], from: offset) {
            if try walk.prefix(at: found, count: beginning.count) == beginning { starts.append(found) }
            offset = found + 1
        }
        return starts
    }

    /// - Throws: ``Rejection/incomplete`` where the metadata ends beyond the end of the file.
    init(_ source: any ByteSource) throws {
        var offset = try ID3Tag.end(in: source) + 4
        var isLast = false
        while !isLast {
            guard let header = try source.bytes(at: offset, count: 4) else { throw Rejection.incomplete }
            isLast = header[0] & 0x80 != 0
            let body = offset + 4
            let size = Int64(header.bigEndian(at: 1, count: 3))
            if header[0] & 0x7f == 0, totalSamples == nil, size >= 34 {
                guard let info = try source.bytes(at: body, count: 34) else { throw Rejection.incomplete }
                let total = info.bigEndian(at: 10, count: 8) & 0xf_ffff_ffff
                totalSamples = total == 0 ? nil : total
            }
            offset = body + size
        }
        start = offset
        if totalSamples != nil && offset >= source.size { throw Rejection.incomplete }
    }
}
