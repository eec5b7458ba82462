import KotibModel

/// The header of an MPEG audio frame, layer II or III (ISO/IEC 11172-3, 2.4.1.3; ISO/IEC 13818-3 for the
/// lower rates).
struct MPEGFrameHeader: Hashable {
    /// Bytes, the header's four included.
    var length: Int
    /// Bytes between the header and the main data of a frame of layer III.
    var sideInformation: Int

    /// Thousands of bits a second: of MPEG-1's layers II and III, and of both in MPEG-2 and 2.5.
    private static let bitRatesII = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
    private static let bitRatesIII = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    private static let lowBitRates = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
    private static let sampleRates = [44_100, 48_000, 32_000]

    /// Nil for anything but those layers at a stated bit rate.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 4, bytes[0] == 0xff, bytes[1] & 0xe0 == 0xe0 else { return nil }
        let version = bytes[1] >> 3 & 3  // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
        let layer = bytes[1] >> 1 & 3  // 1: III, 2: II
        let bitRate = Int(bytes[2] >> 4)
        let sampleRate = Int(bytes[2] >> 2 & 3)
        guard version != 1, (1...2).contains(layer), (1...14).contains(bitRate), sampleRate < 3 else {
            return nil
        }
        let isMPEG1 = version == 3
        let hertz = Self.sampleRates[sampleRate] / (isMPEG1 ? 1 : version == 2 ? 2 : 4)
        let rates = isMPEG1 ? (layer == 1 ? Self.bitRatesIII : Self.bitRatesII) : Self.lowBitRates
        // A frame is 1,152 samples, in layer III of the lower rates 576; eight bits a byte.
        let bytesPerRate = layer == 1 && !isMPEG1 ? 72 : 144
        length = bytesPerRate * rates[bitRate] * 1_000 / hertz + Int(bytes[2] >> 1 & 1)
        let isMono = bytes[3] >> 6 == 3
        sideInformation = isMPEG1 ? (isMono ? 17 : 32) : (isMono ? 9 : 17)
    }
}

/// The header of an MP3 file's first frame (Xing, Info or VBRI), which encoders write last.
struct MP3InfoHeader {
    /// Frames with sound.
    var frames: UInt64?
    /// Bytes, from the first frame on.
    var bytes: UInt64?
    /// The offset of that frame.
    private(set) var start: Int64

    /// Bytes after the tags in which the first frame must begin, as in libav's mp3 demuxer.
    private static let longestGap = 64 * 1024

    /// - Throws: ``Rejection/incomplete`` where a tag ends beyond the end of the file.
    init(_ source: any ByteSource) throws {
        let tags = try ID3Tag.end(in: source)
        start = tags
        let gap = try source.head(at: tags, count: Self.longestGap)
        if tags > 0 && gap.count < 4 { throw Rejection.incomplete }
        for position in gap.indices.dropLast(3) where gap[position] == 0xff {
            guard let header = MPEGFrameHeader(Array(gap[position..<position + 4])),
                try Self.isFrame(source, tags + Int64(position + header.length))
            else { continue }
            start = tags + Int64(position)
            try readCounts(source, header)
            return
        }
    }

    /// A sync word is a frame where another follows it, or the file ends.
    /// - Throws: ``Rejection/incomplete`` where the file ends in the middle.
    private static func isFrame(_ source: any ByteSource, _ next: Int64) throws -> Bool {
        if next > source.size { throw Rejection.incomplete }
        guard let following = try source.bytes(at: next, count: 4) else { return true }
        return MPEGFrameHeader(following) != nil
    }

    private mutating func readCounts(_ source: any ByteSource, _ header: MPEGFrameHeader) throws {
        let xing = start + 4 + Int64(header.sideInformation)
        if let found = try source.bytes(at: xing, count: 16),
            ["Xing", "Info"].contains(String(decoding: found[..<4], as: UTF8.self))
        {
            let flags = found[7]
            if flags & 1 != 0 { frames = found.bigEndian(at: 8, count: 4) }
            if flags & 2 != 0 { bytes = found.bigEndian(at: flags & 1 != 0 ? 12 : 8, count: 4) }
        } else if let found = try source.bytes(at: start + 36, count: 18),
            found.starts(with: Array("VBRI".utf8))
        {
            bytes = found.bigEndian(at: 10, count: 4)
            frames = found.bigEndian(at: 14, count: 4)
        }
    }

    /// Whether the file holds less than its header says. Both counts are wrong in some writers' files (a tag
    /// included, the first frame included or not), so one that fits is enough.
    /// - Parameter walked: frames found in the file.
    func isBroken(size: Int64, walked: UInt64) -> Bool {
        let present = UInt64(max(0, size - start))
        let isShort = bytes.map { $0 > 0 && present < $0 }
        let lacksFrames = frames.map { $0 > 0 && walked + 1 < $0 }
        if let isShort {
            return isShort && (frames.map { walked < $0 } ?? true)
        }
        return lacksFrames ?? false
    }
}
