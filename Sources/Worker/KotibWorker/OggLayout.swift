import KotibModel

/// The pages of an Ogg file (RFC 3533, section 6).
enum OggLayout {
    /// The capture pattern at the beginning of each page.
    static let capture = Array("OggS".utf8)
    private static let headerSize = 27

    /// A recorder that is stopped hard leaves no mark of the end, so that a file may end with any page, but
    /// not within one.
    /// - Throws: ``Rejection/incomplete`` where a page ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var walk = BlockReader(source)
        var offset: Int64 = 0
        while let page = try nextPage(&walk, from: offset) {
            guard let end = try self.end(of: page, &walk), end <= source.size else {
                throw Rejection.incomplete
            }
            offset = end
        }
    }

    /// The offset of the next page, or of the beginning of one at the end of the file. Bytes between two
    /// pages are damage, and behind the last one rubbish.
    private static func nextPage(_ walk: inout BlockReader, from offset: Int64) throws -> Int64? {
        var offset = offset
        while let found = try walk.next(capture[0], from: offset) {
            let bytes = try walk.prefix(at: found, count: capture.count)
            if bytes.elementsEqual(capture.prefix(bytes.count)) { return found }
            offset = found + 1
        }
        return nil
    }

    /// Nil where the file ends within the header.
    private static func end(of page: Int64, _ walk: inout BlockReader) throws -> Int64? {
        guard let header = try walk.bytes(at: page, count: headerSize) else { return nil }
        let segments = Int(header[headerSize - 1])
        let table = page + Int64(headerSize)
        guard let sizes = try walk.bytes(at: table, count: segments) else { return nil }
        return sizes.reduce(table + Int64(segments)) { $0 + Int64($1) }
    }
}
