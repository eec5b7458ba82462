import KotibModel

/// The frames of an AMR file (RFC 4867, section 5; their sizes in 3GPP TS 26.101 and TS 26.201, annex A).
enum AMRLayout {
    static let narrowband = Array("#!AMR\n".utf8)
    private static let wideband = Array("#!AMR-WB\n".utf8)

    /// Bytes of a frame by its type, the byte that says the type included.
    private static let narrowSizes: [Int64] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1]
    private static let wideSizes: [Int64] = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1]

    /// - Throws: ``Rejection/incomplete`` where the last frame ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var walk = ByteWalk(source)
        let head = try walk.prefix(at: 0, count: wideband.count)
        let isWide = head == wideband
        // Other beginnings are of kinds that libav says no to.
        guard isWide || head.starts(with: narrowband) else { return }
        let sizes = isWide ? wideSizes : narrowSizes
        var offset = Int64(isWide ? wideband.count : narrowband.count)
        while let type = try walk.byte(at: offset) {
            offset += sizes[Int(type >> 3 & 0xf)]
        }
        if offset > source.size { throw Rejection.incomplete }
    }
}
