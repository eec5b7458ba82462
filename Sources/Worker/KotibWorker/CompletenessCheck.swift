import CAV
import KotibModel

/// Checks whether a file holds all that its container promises, which distinguishes an interrupted upload
/// from a recording. Some promises are checked before libav sees the file, the others against the packets
/// found.
struct CompletenessCheck {
    private let container: Container
    private let size: Int64
    private var flac: FLACLayout?
    private var mp3: MP3InfoHeader?
    private let takesLess: Bool
    /// Whether the file is incomplete and accepted as it is.
    private(set) var isShort = false

    /// - Parameter takesLess: accepts an incomplete file as it is.
    /// - Throws: ``Rejection/incomplete`` if the structure alone shows it, as all checks do unless
    ///   `takesLess`.
    init(_ container: Container, of source: any ByteSource, takesLess: Bool) throws {
        self.container = container
        self.takesLess = takesLess
        size = source.size
        do {
            try look(at: source)
        } catch Rejection.incomplete {
            try lack()
        }
    }

    private mutating func look(at source: any ByteSource) throws {
        switch container {
        case .wav: try WAVLayout.check(source)
        case .mov: try MP4Layout.check(source)
        case .flac: flac = try FLACLayout(source)
        case .mp3: mp3 = try MP3InfoHeader(source)
        case .ogg: try OggLayout.check(source)
        case .matroska: try WebMLayout.check(source)
        case .aac: try ADTSLayout.check(source)
        case .amr: try AMRLayout.check(source)
        case .asf: try ASFLayout.check(source)
        case .caf: try CAFLayout.check(source)
        }
    }

    private mutating func lack() throws(Rejection) {
        guard takesLess else { throw .incomplete }
        isShort = true
    }

    /// The first bytes of a file that is too short for libmagic to know it.
    static func isBeginning(_ head: [UInt8], of container: Container) -> Bool {
        guard (3..<64).contains(head.count) else { return false }
        switch container {
        case .wav: return head.starts(with: Array("RIFF".utf8))
        case .flac: return head.starts(with: FLACLayout.magic.prefix(head.count))
        case .mp3: return head.starts(with: Array("ID3".utf8)) || MPEGFrameHeader(head) != nil
        case .mov:
            let brand = head.dropFirst(4)
            return brand.count < 4 ? head.starts(with: [0, 0, 0]) : brand.starts(with: Array("ftyp".utf8))
        case .ogg: return head.starts(with: OggLayout.capture)
        case .matroska: return head.starts(with: WebMLayout.magic.prefix(head.count))
        case .aac: return head.starts(with: Array("ID3".utf8)) || ADTSLayout.isFrame(head)
        case .amr: return head.starts(with: AMRLayout.narrowband.prefix(min(5, head.count)))
        case .asf: return head.starts(with: ASFLayout.header.prefix(head.count))
        case .caf: return head.starts(with: CAFLayout.magic.prefix(head.count))
        }
    }

    /// Whether the index of the opened container lists more than is there.
    mutating func check(_ demuxer: Demuxer) throws(Rejection) {
        if container == .mov && demuxer.endOfIndex() > size { try lack() }
    }

    /// Whether the packets are fewer than promised or the last is cut.
    /// - Parameters:
    ///   - walk: over all packets, to the end.
    ///   - length: seconds of them that are of this recording.
    ///   - decodesLast: whether the last packet can be decoded, checksum included.
    mutating func check(
        _ walk: PacketScan, length: Double, decodesLast: () throws -> Bool
    ) throws {
        switch container {
        case .flac:
            guard let total = flac?.totalSamples else { return }
            // Block sizes are whole samples, so that the sum is exact but for rounding.
            let found = length * Double(walk.rate) + 0.5
            if found < Double(total) { return try lack() }
            if try !decodesLast() { try lack() }
        case .mp3:
            if isCutFrame(walk.last) || isBroken(walked: walk.packets) { try lack() }
        case .mov:
            if walk.last?.isCutShort == true { try lack() }
        case .wav, .ogg, .matroska, .aac, .amr, .asf, .caf:
            break
        }
    }

    /// Whether the number of packets is smaller than an MP3 file promises.
    func isBroken(walked: UInt64) -> Bool {
        mp3?.isBroken(size: size, walked: walked) ?? false
    }

    private func isCutFrame(_ last: Packet?) -> Bool {
        guard let last, let header = MPEGFrameHeader(last.prefix(4)) else { return false }
        return last.size < header.length
    }
}

/// Stretches of zeros where coded sound should be.
extension CompletenessCheck {
    /// The first byte that may be of sound: before it are tags, which have room left in them.
    private func soundStart(_ source: any ByteSource) -> Int64 {
        mp3?.start ?? flac?.start ?? (container == .aac ? (try? ID3Tag.end(in: source)) ?? 0 : 0)
    }

    /// Bytes of zeros that the container itself may leave: mkvmerge's room for an index (4 KiB), and what
    /// fills a packet of Windows Media (at most 64 KiB).
    private var longestPadding: Int64 {
        switch container {
        case .matroska: 8192
        case .asf: 1 << 16
        default: ZeroRuns.least
        }
    }

    /// The part of `runs` that should be sound.
    /// - Parameters:
    ///   - runs: of zeros in the recording, by its own offsets.
    ///   - source: the recording.
    func unwritten(
        _ runs: [Range<Int64>], of source: any ByteSource, _ walk: PacketScan, _ demuxer: Demuxer
    ) -> [Range<Int64>] {
        // All that was promised is there: what follows is the rest of a disk's block.
        if let frames = mp3?.frames, frames > 0, walk.packets >= frames { return [] }
        let start = soundStart(source)
        let suspects = runs.filter { $0.lowerBound >= start && $0.count >= longestPadding }
        return container == .mov ? suspects.filter(demuxer.indexes) : suspects
    }

    /// - Throws: ``Rejection/incomplete`` where there is what nobody wrote, unless nothing more is waited
    ///   for.
    func check(unwritten: [Range<Int64>]) throws(Rejection) {
        if !unwritten.isEmpty && !takesLess { throw .incomplete }
    }
}
