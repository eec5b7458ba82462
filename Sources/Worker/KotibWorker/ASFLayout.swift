import KotibModel

/// The objects at the top of a Windows Media file (Microsoft's "Advanced Systems Format Specification",
/// revision 01.20.06, chapters 2, 3.2 and 5).
enum ASFLayout {
    /// The identifiers of the header, of its part with the file's properties, and of the sound.
    static let header: [UInt8] = [
        0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c,
    ]
    private static let properties: [UInt8] = [
        0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0x00, 0xc0, 0x0c, 0x20, 0x53, 0x65,
    ]
    private static let data: [UInt8] = [
        0x36, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0x00, 0xaa, 0x00, 0x62, 0xce, 0x6c,
    ]
    /// An identifier of 16 bytes and a size of 8.
    private static let objectHeader = 24
    /// The header object counts its parts before they come.
    private static let partsStart: Int64 = 30
    private static let maxObjects = 10_000

    /// - Throws: ``Rejection/incomplete`` where the header or the sound ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var walk = BlockReader(source)
        guard let first = try Object(&walk, at: 0), first.identifier == header else { return }
        guard first.end <= source.size else { throw Rejection.incomplete }
        let isBroadcast = try isBroadcast(&walk, headerEnd: first.end)
        var offset = first.end
        for _ in 0..<maxObjects {
            guard let object = try Object(&walk, at: offset) else { break }
            if object.identifier == data {
                // A sender that streams while recording does not know the length yet.
                if object.end > source.size && !isBroadcast { throw Rejection.incomplete }
                return
            }
            offset = object.end
        }
        throw Rejection.incomplete
    }

    /// The beginning of each recording, if several were joined.
    static func starts(in source: any ByteSource) throws -> [Int64] {
        var walk = BlockReader(source)
        var starts: [Int64] = [0]
        var offset: Int64 = 0
        for _ in 0..<maxObjects where starts.count < RecordingPart.most {
            guard let object = try Object(&walk, at: offset) else { break }
            if object.identifier == header, offset > 0 { starts.append(offset) }
            offset = object.end
        }
        return starts
    }

    private static func isBroadcast(_ walk: inout BlockReader, headerEnd: Int64) throws -> Bool {
        var offset = partsStart
        for _ in 0..<maxObjects where offset < headerEnd {
            guard let part = try Object(&walk, at: offset) else { break }
            if part.identifier == properties {
                // Identifiers, sizes and times come before the flags, of which the lowest is meant.
                return try walk.byte(at: offset + 88).map { $0 & 1 != 0 } ?? false
            }
            offset = part.end
        }
        return false
    }

    private struct Object {
        var identifier: [UInt8]
        /// The offset of the next one.
        var end: Int64

        /// Nil where the file ends within its header; a size that cannot be ends at the greatest number.
        init?(_ walk: inout BlockReader, at offset: Int64) throws {
            guard let bytes = try walk.bytes(at: offset, count: objectHeader) else { return nil }
            identifier = Array(bytes[..<16])
            let size = Int64(exactly: bytes.littleEndian(at: 16, count: 8)) ?? .max
            let (sum, overflow) = offset.addingReportingOverflow(max(Int64(objectHeader), size))
            end = overflow ? .max : sum
        }
    }
}
