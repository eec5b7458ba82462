import KotibModel

/// The chunks of a file of Apple's Core Audio ("Apple Core Audio Format Specification 1.0").
enum CAFLayout {
    static let magic = Array("caff".utf8)

    /// Bytes before the first chunk, and of a chunk's own header.
    private static let (fileHeader, chunkHeader): (Int64, Int64) = (8, 12)
    private static let maxChunks = 10_000

    /// The beginning of each recording, if several were joined.
    static func starts(in source: any ByteSource) throws -> [Int64] {
        var starts: [Int64] = [0]
        var offset = fileHeader
        for _ in 0..<maxChunks where starts.count < RecordingPart.most {
            guard let header = try source.bytes(at: offset, count: Int(chunkHeader)) else { break }
            if header.starts(with: magic) {
                starts.append(offset)
                offset += fileHeader
                continue
            }
            let size = Int64(bitPattern: header.bigEndian(at: 4, count: 8))
            guard size >= 0, size <= source.size - offset - chunkHeader else { break }
            offset += chunkHeader + size
        }
        return starts
    }

    /// - Throws: ``Rejection/incomplete`` where a chunk ends beyond the end of the file, or one is missing
    ///   that says what the sound is or where.
    static func check(_ source: any ByteSource) throws {
        var missing: Set<String> = ["desc", "data"]
        var offset = fileHeader
        for _ in 0..<maxChunks {
            guard let header = try source.bytes(at: offset, count: Int(chunkHeader)) else { break }
            let kind = String(decoding: header[..<4], as: UTF8.self)
            if missing.isEmpty && !isKind(header[..<4]) { return }
            let body = offset + chunkHeader
            let size = Int64(bitPattern: header.bigEndian(at: 4, count: 8))
            if kind == "desc", try !hasPacketsOfOneSize(source, at: body) { missing.insert("pakt") }
            missing.remove(kind)
            // Written while it was recorded: the sound goes on to the end.
            if kind == "data", size == -1 { break }
            guard size >= 0, size <= source.size - body else { throw Rejection.incomplete }
            offset = body + size
        }
        if !missing.isEmpty { throw Rejection.incomplete }
    }

    /// Bytes of a packet and frames in one, the fifth and sixth field; 0 where a table says them.
    private static func hasPacketsOfOneSize(_ source: any ByteSource, at body: Int64) throws -> Bool {
        guard let fields = try source.bytes(at: body + 16, count: 8) else { throw Rejection.incomplete }
        return fields.bigEndian(at: 0, count: 4) > 0 && fields.bigEndian(at: 4, count: 4) > 0
    }

    private static func isKind(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.allSatisfy { (0x20...0x7e).contains($0) }
    }
}
