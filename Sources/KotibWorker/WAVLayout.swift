import KotibModel

/// The chunks of a RIFF file (Microsoft's and IBM's "Multimedia Programming Interface 1.0", EBU 3306 for RF64).
enum WAVLayout {
    /// Streaming writers do not know the length: FFmpeg leaves 2^32 - 1, others 0, and SoX, espeak-ng and arecord
    /// sizes from 0x7ffff000 on. Such a file is as long as it is.
    private static let unknownLength: UInt64 = 0x7fff_0000
    private static let mostChunks = 10_000

    /// - Throws: ``Rejection/incomplete`` where a chunk ends beyond the end of the file.
    static func check(_ source: any ByteSource) throws {
        var long: UInt64?
        var offset: Int64 = 12
        for _ in 0..<mostChunks {
            guard let header = try source.bytes(at: offset, count: 8) else { break }
            let size = UInt64(header.littleEndian(at: 4, count: 4))
            let body = offset + 8
            switch Array(header[..<4]) {
            case Array("ds64".utf8):
                long = try source.bytes(at: body, count: 16)?.littleEndian(at: 8, count: 8)
            case Array("data".utf8):
                return try checkData(size == 0xffff_ffff ? long ?? size : size, at: body, of: source)
            default:
                break
            }
            offset = body + Int64(size) + Int64(size & 1)
        }
        throw Rejection.incomplete
    }

    private static func checkData(_ size: UInt64, at body: Int64, of source: any ByteSource) throws(Rejection)
    {
        let present = UInt64(max(0, source.size - body))
        if size > present && size < unknownLength { throw .incomplete }
    }
}

extension [UInt8] {
    /// The number in `count` bytes from `start` on, least first; `count` at most 8.
    func littleEndian(at start: Int, count: Int) -> UInt64 {
        self[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The number in `count` bytes from `start` on, most significant first; `count` at most 8.
    func bigEndian(at start: Int, count: Int) -> UInt64 {
        self[start..<start + count].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
