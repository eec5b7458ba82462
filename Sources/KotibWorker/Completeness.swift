import CAV
import KotibModel

/// Whether a file holds all that its container promises: what tells an upload that broke off from a recording.
/// Some promises are checked before libav sees the file, the others against the packets found.
struct Completeness {
    private let container: Container
    private let size: Int64
    private var flac: FLACLayout?
    private var mp3: MP3Promise?

    /// - Throws: ``Rejection/incomplete`` where the structure alone shows it.
    init(_ container: Container, of source: any ByteSource) throws {
        self.container = container
        size = source.size
        switch container {
        case .wav: try WAVLayout.check(source)
        case .mov: try MP4Layout.check(source)
        case .flac: flac = try FLACLayout(source)
        case .mp3: mp3 = try MP3Promise(source)
        case .ogg: try OggLayout.check(source)
        case .matroska: try WebMLayout.check(source)
        case .aac: try ADTSLayout.check(source)
        case .amr: try AMRLayout.check(source)
        case .asf: try ASFLayout.check(source)
        }
    }

    /// The first bytes of a file that is too short for libmagic to know it.
    static func isBeginning(_ head: [UInt8], of container: Container) -> Bool {
        guard (3..<64).contains(head.count) else { return false }
        switch container {
        case .wav: return head.starts(with: Array("RIFF".utf8))
        case .flac: return head.starts(with: Array("fLaC".utf8))
        case .mp3: return head.starts(with: Array("ID3".utf8)) || MPEGFrameHeader(head) != nil
        case .mov:
            let brand = head.dropFirst(4)
            return brand.count < 4 ? head.starts(with: [0, 0, 0]) : brand.starts(with: Array("ftyp".utf8))
        case .ogg: return head.starts(with: OggLayout.capture)
        case .matroska: return head.starts(with: WebMLayout.magic.prefix(head.count))
        case .aac: return head.starts(with: Array("ID3".utf8)) || ADTSLayout.isFrame(head)
        case .amr: return head.starts(with: AMRLayout.narrowband.prefix(min(5, head.count)))
        case .asf: return head.starts(with: ASFLayout.header.prefix(head.count))
        }
    }

    /// - Throws: ``Rejection/incomplete`` where the index of the opened container lists more than is there.
    func check(_ demuxer: Demuxer) throws(Rejection) {
        if container == .mov && demuxer.endOfIndex() > size { throw .incomplete }
    }

    /// - Parameters:
    ///   - walk: over all packets, to the end.
    ///   - decodesLast: whether the last packet can be decoded, checksum included.
    /// - Throws: ``Rejection/incomplete`` where the packets are fewer than promised or the last is cut.
    func check(_ walk: PacketWalk, decodesLast: () throws -> Bool) throws {
        switch container {
        case .flac:
            guard let total = flac?.totalSamples else { return }
            // Block sizes are whole samples, so that the sum is exact but for rounding.
            let found = walk.duration * Double(walk.sampleRate) + 0.5
            if found < Double(total) { throw Rejection.incomplete }
            if try !decodesLast() { throw Rejection.incomplete }
        case .mp3:
            if isCutFrame(walk.last) || isBroken(walked: walk.packets) { throw Rejection.incomplete }
        case .mov:
            if walk.last?.isCutShort == true { throw Rejection.incomplete }
        case .wav, .ogg, .matroska, .aac, .amr, .asf:
            break
        }
    }

    /// Whether so many packets are fewer than an MP3 file promised.
    func isBroken(walked: UInt64) -> Bool {
        mp3?.isBroken(size: size, walked: walked) ?? false
    }

    private func isCutFrame(_ last: Packet?) -> Bool {
        guard let last, let header = MPEGFrameHeader(last.prefix(4)) else { return false }
        return last.size < header.length
    }
}
