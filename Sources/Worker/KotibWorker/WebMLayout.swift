import KotibModel

/// The elements of a Matroska file (RFC 8794 and RFC 9559).
enum WebMLayout {
    /// The identifier of the first element, EBML.
    static let magic: [UInt8] = [0x1a, 0x45, 0xdf, 0xa3]
    private static let segment: UInt64 = 0x1853_8067

    /// A file that is written while it is recorded states no sizes for itself and its clusters: there the
    /// last element must be whole.
    /// - Throws: ``Rejection/incomplete`` where an element ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var walk = BlockReader(source)
        var offset: Int64 = 0
        while offset < source.size {
            guard let first = try walk.byte(at: offset), first >= 0x10 else { return }
            guard let element = try Element(&walk, at: offset) else { throw Rejection.incomplete }
            guard let size = element.size else {
                offset = element.body
                continue
            }
            let (end, overflow) = element.body.addingReportingOverflow(size)
            if overflow || end > source.size { throw Rejection.incomplete }
            // The rest is not of this recording.
            if element.identifier == segment { return }
            offset = end
        }
    }

    private struct Element {
        var identifier: UInt64
        /// The offset of its content.
        var body: Int64
        /// Nil where the writer did not know.
        var size: Int64?

        /// Nil where the file ends within the header.
        init?(_ walk: inout BlockReader, at offset: Int64) throws {
            guard let first = try walk.byte(at: offset), first > 0 else { return nil }
            let length = first.leadingZeroBitCount + 1
            guard let name = try walk.bytes(at: offset, count: length) else { return nil }
            identifier = name.bigEndian(at: 0, count: length)
            let sizeAt = offset + Int64(length)
            // A first byte of 0 would mean nine bytes, which no size has.
            guard let start = try walk.byte(at: sizeAt), start > 0 else { return nil }
            let width = start.leadingZeroBitCount + 1
            guard let number = try walk.bytes(at: sizeAt, count: width) else { return nil }
            let unknown = UInt64(1) << (7 * UInt64(width)) - 1
            let value = number.bigEndian(at: 0, count: width) & unknown
            size = value == unknown ? nil : Int64(value)
            body = sizeAt + Int64(width)
        }
    }
}
