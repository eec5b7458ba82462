import KotibModel

/// The chunks of a RIFF file (Microsoft's and IBM's "Multimedia Programming Interface 1.0", EBU 3306 for
/// RF64, ITU-R BS.2088 for BW64).
struct WAVLayout {
    /// The offset of the recording: of its header.
    private var start: Int64
    /// The chunk that says how the sound is coded, with its header.
    private var format: Range<Int64> = 0..<0
    /// The places of the sound's size: at `data`, and in long files in `ds64` too.
    private var sizeFields: [(offset: Int64, width: Int)] = []
    /// The offset of the sound.
    private var body: Int64 = 0
    /// Bytes of sound according to the header; nil if its writer did not know.
    private var stated: Int64?
    /// Of sound; 0 where nothing says.
    private var bytesPerSecond: Int64 = 0
    private var isBigEndian = false
    /// Bytes of one sample.
    private var sampleWidth = 1
    /// The header in the usual order, where the file has the other: libav takes the samples of all for
    /// little-endian.
    private var turned: [Excerpt.Patch] = []
    /// The header of a further chunk of sound.
    private var made: Excerpt.Patch?

    /// Streaming writers do not know the length: FFmpeg leaves 2^32 - 1, others 0, and SoX, espeak-ng and
    /// arecord sizes from 0x7ffff000 on. Such a file is as long as it is.
    private static let unknownLength: UInt64 = 0x7fff_0000
    private static let maxChunks = 10_000
    /// Fewer bytes behind the stated end are no sound worth a word: a quarter of a second on the telephone.
    private static let leastExcess: Int64 = 4_000

    /// The file that begins at `start`; nil if it has no sound.
    private init?(_ source: any ByteSource, at start: Int64) throws {
        self.start = start
        isBigEndian = try source.head(at: start, count: 4) == Array("RIFX".utf8)
        if isBigEndian {
            turned = [Excerpt.Patch(offset: start, bytes: Array("RIFF".utf8))]
            try turn(start + 4, 4, source)
        }
        var long: UInt64?
        var offset = start + 12
        for _ in 0..<Self.maxChunks {
            guard let header = try source.bytes(at: offset, count: 8) else { return nil }
            let size = number(header, at: 4)
            let chunk = offset + 8
            if isBigEndian { try turn(offset + 4, 4, source) }
            switch Array(header[..<4]) {
            case Array("ds64".utf8):
                long = try source.bytes(at: chunk, count: 16)?.littleEndian(at: 8, count: 8)
                sizeFields.append((chunk + 8, 8))
            case Array("fmt ".utf8):
                format = offset..<chunk + Int64(size)
                try readFormat(source, at: chunk, size: size)
            case Array("data".utf8):
                sizeFields.append((offset + 4, 4))
                body = chunk
                let exact = size == 0xffff_ffff ? long ?? size : size
                let isKnown = exact > 0 && (exact < Self.unknownLength || long != nil)
                stated = isKnown ? Int64(clamping: exact) : nil
                return
            default:
                break
            }
            offset = chunk + Int64(size) + Int64(size & 1)
        }
        return nil
    }

    private mutating func readFormat(_ source: any ByteSource, at chunk: Int64, size: UInt64) throws {
        guard let format = try source.bytes(at: chunk, count: 16) else { return }
        bytesPerSecond = Int64(number(format, at: 8))
        guard isBigEndian else { return }
        sampleWidth = max(1, (Int(format.bigEndian(at: 14, count: 2)) + 7) / 8)
        // WAVEFORMATEX, and what WAVEFORMATEXTENSIBLE adds: each field's place and bytes.
        let fields: [(Int64, Int)] = [
            (0, 2), (2, 2), (4, 4), (8, 4), (12, 2), (14, 2), (16, 2), (18, 2), (20, 4), (24, 4), (28, 2),
            (30, 2),
        ]
        for (place, width) in fields where place + Int64(width) <= Int64(size) {
            try turn(chunk + place, width, source)
        }
    }

    private mutating func turn(_ offset: Int64, _ width: Int, _ source: any ByteSource) throws {
        guard let bytes = try source.bytes(at: offset, count: width) else { return }
        turned.append(Excerpt.Patch(offset: offset, bytes: bytes.reversed()))
    }

    private func number(_ bytes: [UInt8], at start: Int) -> UInt64 {
        isBigEndian ? bytes.bigEndian(at: start, count: 4) : bytes.littleEndian(at: start, count: 4)
    }

    /// - Throws: ``Rejection/incomplete`` where the sound ends beyond the end of the file, or is missing.
    static func check(_ source: any ByteSource) throws {
        guard let layout = try WAVLayout(source, at: 0) else { throw Rejection.incomplete }
        if layout.missing(in: source) > 0 { throw Rejection.incomplete }
    }

    /// Seconds that are missing at the end of the file according to the header; 0 if unknown.
    static func missing(in source: any ByteSource) throws -> Double {
        guard let layout = try WAVLayout(source, at: 0), layout.bytesPerSecond > 0 else { return 0 }
        return Double(layout.missing(in: source)) / Double(layout.bytesPerSecond)
    }

    /// The bytes that are samples, as the header says and as far as they are there.
    static func sound(in source: any ByteSource) throws -> Range<Int64>? {
        guard let layout = try WAVLayout(source, at: 0), layout.body <= source.size else { return nil }
        let there = source.size - layout.body
        return layout.body..<layout.body + max(0, layout.stated.map { min(there, $0) } ?? there)
    }

    /// Bytes.
    private func missing(in source: any ByteSource) -> Int64 {
        max(0, (stated ?? 0) - max(0, source.size - body))
    }
}

extension WAVLayout {
    /// Every recording of the file: a header that was written once and never again says less than is there,
    /// two files may have been joined, and a file may have several chunks of sound. Other chunks behind the
    /// sound are none.
    static func parts(of source: any ByteSource) throws -> [RecordingPart] {
        var parts: [RecordingPart] = []
        var next = try WAVLayout(source, at: 0)
        while parts.count < RecordingPart.most, let layout = next {
            let part: RecordingPart
            (part, next) = try layout.part(of: source)
            parts.append(part)
        }
        return parts
    }

    /// - Returns: the next recording, too.
    private func part(of source: any ByteSource) throws -> (part: RecordingPart, next: WAVLayout?) {
        var part = RecordingPart(range: start..<source.size, patches: turned + (made.map { [$0] } ?? []))
        if isBigEndian { part.swap = Excerpt.ByteOrderSwap(start: body, width: sampleWidth) }
        guard let stated, stated < source.size - body else { return (part, nil) }
        let end = body + stated
        switch try whatFollows(end, in: source) {
        case .another(let next):
            part.range = start..<next
            return (part, try WAVLayout(source, at: next))
        case .moreSound(let chunk, let format):
            part.range = start..<end
            return (part, try moreSound(in: source, at: chunk, format: format))
        case .chunks: break
        case .sound:
            part.excess = bytesPerSecond > 0 ? Double(source.size - end) / Double(bytesPerSecond) : 0
            part.patches += sizeFields.map { patch($0.offset, $0.width, UInt64(source.size - body)) }
        }
        return (part, nil)
    }

    private func patch(_ offset: Int64, _ width: Int, _ number: UInt64) -> Excerpt.Patch {
        // A size of 32 bits that is none: libav then reads to the end.
        let number = width == 4 ? min(number, 0xffff_ffff) : number
        let bytes = (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
        return Excerpt.Patch(offset: offset, bytes: bytes)
    }

    private enum Following {
        case chunks, sound
        case another(Int64)
        /// A chunk of sound under the same header, and the chunk that says how it is coded, where there is
        /// another one.
        case moreSound(Int64, format: Range<Int64>?)
    }

    /// Longer ones are no format: the longest known has 40 bytes and what a codec adds.
    private static let longestFormat = 1 << 12

    /// The further chunk of sound at `offset`, as a recording of its own: libav reads only one of them. Its
    /// header is made of the file's, and lies over the sound before it.
    /// - Parameter format: nil where the sound is coded as that before.
    private func moreSound(
        in source: any ByteSource, at offset: Int64, format: Range<Int64>?
    ) throws -> WAVLayout? {
        guard let header = try source.bytes(at: offset, count: 8) else { return nil }
        var next = self
        if let format {
            next.format = format
            try next.readFormat(source, at: format.lowerBound + 8, size: UInt64(format.count - 8))
            if isBigEndian { try next.turn(format.lowerBound + 4, 4, source) }
        }
        if isBigEndian { try next.turn(offset + 4, 4, source) }
        guard next.format.count <= Self.longestFormat,
            let fields = try Excerpt(source, 0..<source.size, patches: next.turned)
                .bytes(at: next.format.lowerBound, count: next.format.count)
        else { return nil }
        let padding = [UInt8](repeating: 0, count: fields.count % 2)
        let made = Array("RIFF".utf8) + [0, 0, 0, 0] + Array("WAVE".utf8) + fields + padding
        next.start = offset - Int64(made.count)
        guard next.start >= 0 else { return nil }
        next.made = Excerpt.Patch(offset: next.start, bytes: made)
        next.sizeFields = [(offset + 4, 4)]
        next.body = offset + 8
        let size = number(header, at: 4)
        next.stated = size > 0 && size < Self.unknownLength ? Int64(size) : nil
        return next
    }

    private func whatFollows(_ end: Int64, in source: any ByteSource) throws -> Following {
        // A chunk begins at an even place; not all writers know.
        for first in end % 2 == body % 2 ? [end] : [end + 1, end] {
            var offset = first
            var format: Range<Int64>?
            for _ in 0..<Self.maxChunks {
                guard let header = try source.bytes(at: offset, count: 12) else { break }
                if Self.isBeginning(header) { return .another(offset) }
                let size = Int64(number(header, at: 4))
                let next = offset + 8 + size
                // An empty one is no sound.
                if header.starts(with: "data".utf8), size > 0 { return .moreSound(offset, format: format) }
                // Rubbish behind the chunks is none of sound.
                guard header[..<4].allSatisfy({ (0x20...0x7e).contains($0) }), next <= source.size + 1
                else { break }
                if header.starts(with: "fmt ".utf8), size >= 16 { format = offset..<next }
                offset = next + next & 1
            }
            if offset > first { return .chunks }
        }
        let isShort = source.size - end < Self.leastExcess
        return try isShort || Self.isTag(source, at: end) || isSilence(source, end) ? .chunks : .sound
    }

    private func isSilence(_ source: any ByteSource, _ end: Int64) throws -> Bool {
        try BlockReader.endOfZeros(from: end, in: source) == source.size
    }

    private static func isBeginning(_ header: [UInt8]) -> Bool {
        ["RIFF", "RIFX", "RF64", "BW64"].contains { header.starts(with: $0.utf8) }
            && header[8...].starts(with: "WAVE".utf8)
    }

    /// Players put those of other kinds of files behind the sound.
    private static func isTag(_ source: any ByteSource, at offset: Int64) throws -> Bool {
        let head = try source.head(at: offset, count: 8)
        return ["ID3", "TAG", "APETAGEX", "LIST"].contains { head.starts(with: $0.utf8) }
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
