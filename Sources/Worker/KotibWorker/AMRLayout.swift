import KotibModel

/// The frames of an AMR file (RFC 4867, section 5; their sizes in 3GPP TS 26.101 and TS 26.201, annex A).
enum AMRLayout {
    static let narrowband = Array("#!AMR\n".utf8)
    static let wideband = Array("#!AMR-WB\n".utf8)

    /// Bytes of a frame by its type, the byte that says the type included.
    private static let narrowSizes: [Int64] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1]
    private static let wideSizes: [Int64] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1]

    /// - Throws: ``Rejection/incomplete`` where the last frame ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var walk = BlockReader(source)
        var start: Int64? = 0
        while let offset = start { start = try end(of: offset, &walk, isStrict: true) }
    }

    /// The beginning of each recording, if several were joined.
    static func starts(in source: any ByteSource) throws -> [Int64] {
        var walk = BlockReader(source)
        var starts: [Int64] = [0]
        while starts.count < RecordingPart.most,
            let next = try end(of: starts[starts.count - 1], &walk, isStrict: false)
        {
            starts.append(next)
        }
        return starts
    }

    /// Walks over the frames of the recording that begins at `start`.
    /// - Returns: where another begins; nil at the end of the file.
    private static func end(
        of start: Int64, _ walk: inout BlockReader, isStrict: Bool
    ) throws -> Int64? {
        guard let format = try Format(&walk, at: start) else { return nil }
        var offset = start + format.length
        while let type = try walk.byte(at: offset) {
            // No frame begins so: the lowest bits of its first byte are 0.
            if type == narrowband[0], try Format(&walk, at: offset) != nil { return offset }
            offset += format.sizes[Int(type >> 3 & 0xf)]
        }
        if isStrict && offset > walk.size { throw Rejection.incomplete }
        return nil
    }

    private struct Format {
        var sizes: [Int64]
        /// Bytes of the beginning.
        var length: Int64

        /// Nil for other variants, which libav does not support.
        init?(_ walk: inout BlockReader, at offset: Int64) throws {
            let head = try walk.prefix(at: offset, count: wideband.count)
            if head == wideband {
                (sizes, length) = (wideSizes, Int64(wideband.count))
            } else if head.starts(with: narrowband) {
                (sizes, length) = (narrowSizes, Int64(narrowband.count))
            } else {
                return nil
            }
        }
    }
}
