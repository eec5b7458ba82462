import CAV
import KotibModel

/// One pass over all packets of a recording: measures its duration, and checks whether its sound can be
/// decoded.
struct PacketScan {
    /// Seconds, the sum of all packets.
    var duration: Double { length.seconds }
    private(set) var packets: UInt64 = 0
    /// The last packet, nil without any.
    private(set) var last: Packet?
    /// Of the first recording.
    private(set) var channels: Int
    /// Hertz, of the first recording.
    private(set) var sampleRate: Int
    /// The same of the one that is walked.
    private(set) var rate: Int

    private var length = SampleCount()
    /// Samples of the frame decoded last, for containers that give their packets no duration.
    private var frameLength: Int64 = 0
    private var bytes = 0
    /// Those that are MPEG audio frames, where packets start with such.
    private var frameBytes = 0
    private var decoded = 0
    private var undecoded = 0
    /// The same before the recording that is walked.
    private var before = (packets: UInt64(0), decoded: 0, undecoded: 0)

    private let isMP3: Bool
    /// libav counts the packets in the rate before coding, where the container names that one.
    private let isOpusInMatroska: Bool

    /// The number of packets that must be decoded successfully before the rest is trusted.
    private static let proof = 16

    init(_ stream: UnsafeMutablePointer<AVStream>, of container: Container) {
        isMP3 = container == .mp3
        isOpusInMatroska =
            container == .matroska && stream.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_OPUS
        channels = Int(max(0, stream.pointee.codecpar.pointee.ch_layout.nb_channels))
        sampleRate = Int(max(0, stream.pointee.codecpar.pointee.sample_rate))
        rate = sampleRate
    }

    /// Walks to the end, of one recording of a file after the other.
    /// - Throws: ``Rejection/tooLong(duration:limit:)`` as soon as that is known, what the source throws.
    mutating func walk(_ demuxer: Demuxer, _ codec: AudioCodec, longest: Double) throws {
        let stated = demuxer.expectedDuration(bitRate: 0)
        before = (packets, decoded, undecoded)
        rate = Int(max(0, demuxer.stream.pointee.codecpar.pointee.sample_rate))
        frameLength = 0
        let last = try Packet()
        let packet = try Packet()
        while try demuxer.next(packet) {
            packets += 1
            if !isProven { attempt(packet, codec) }
            measure(packet, demuxer)
            if duration > longest {
                throw Rejection.tooLong(
                    duration: AudioFacts.bounded(max(duration, stated)), limit: longest)
            }
            try last.refer(to: packet)
        }
        if packets > before.packets { self.last = last }
        if !isProven { _ = codec.decode(nil) { note($0) } }
    }

    /// Most of what was tried of this recording could be decoded. A damaged beginning only makes the trial
    /// longer.
    private var isProven: Bool {
        let (own, failed) = (decoded - before.decoded, undecoded - before.undecoded)
        return own >= Self.proof && own > failed
    }

    private mutating func attempt(_ packet: Packet, _ codec: AudioCodec) {
        if !codec.decode(packet, { note($0) }) { undecoded += 1 }
    }

    private mutating func measure(_ packet: Packet, _ demuxer: Demuxer) {
        let ticks = packet.pointer.pointee.duration
        let base = demuxer.stream.pointee.time_base
        if isOpusInMatroska, let samples = OpusPacket.samples(packet.prefix(2)) {
            length.add(samples, at: OpusPacket.sampleRate)
        } else if ticks > 0 {
            length.add(ticks, ofTicks: base.num, per: base.den)
        } else {
            length.add(frameLength, at: Int64(rate))
        }
        length.add(-Int64(packet.skippedSamples), at: Int64(rate))
        bytes += packet.size
        let header = MPEGFrameHeader(packet.prefix(4))
        frameBytes += min(packet.size, header?.length ?? 0)
    }

    private mutating func note(_ frame: UnsafeMutablePointer<AVFrame>) {
        decoded += 1
        rate = Int(frame.pointee.sample_rate)
        if before.packets == 0 {
            channels = Int(frame.pointee.ch_layout.nb_channels)
            sampleRate = rate
        }
        frameLength = Int64(frame.pointee.nb_samples)
    }

    /// - Throws: ``Rejection`` where the recording that was walked last has no sound, or none that can be
    ///   decoded: transcription opens each by itself.
    func requireLastDecoded() throws(Rejection) {
        if packets == before.packets { throw RejectionDetail.silent }
        if decoded == before.decoded { throw RejectionDetail.undecodable }
    }

    /// - Parameter zeros: bytes known to be of no frame.
    /// - Throws: ``Rejection/damaged(detail:)`` where there is no sound, or most of it is not what it should
    ///   be.
    func requireSound(without zeros: Int64 = 0) throws(Rejection) {
        if packets == 0 { throw RejectionDetail.silent }
        if decoded == 0 || decoded < undecoded { throw RejectionDetail.undecodable }
        if duration <= 0 { throw RejectionDetail.silent }
        // An MP3 decoder takes almost anything for a frame that follows a sync word.
        if isMP3 && Int64(frameBytes) < max(0, Int64(bytes) - zeros) / 4 { throw RejectionDetail.undecodable }
    }
}

/// The first two bytes of an Opus packet (RFC 6716, section 3.1).
enum OpusPacket {
    /// Hertz, of every Opus decoder's output and of the lengths below (RFC 7845, section 4).
    static let sampleRate: Int64 = 48_000

    /// Samples of one frame, of the modes for speech, for both, and for music.
    private static let speech: [Int64] = [480, 960, 1_920, 2_880]
    private static let hybrid: [Int64] = [480, 960]
    private static let music: [Int64] = [120, 240, 480, 960]

    /// Nil for an empty packet.
    static func samples(_ bytes: [UInt8]) -> Int64? {
        guard let first = bytes.first else { return nil }
        let mode = Int(first >> 3)
        let frame =
            switch mode {
            case 0..<12: speech[mode & 3]
            case 12..<16: hybrid[mode & 1]
            default: music[mode & 3]
            }
        switch first & 3 {
        case 0: return frame
        case 1, 2: return 2 * frame
        default: return bytes.count > 1 ? Int64(bytes[1] & 0x3f) * frame : nil
        }
    }
}

/// A duration as a number of samples, which adds up exactly; converted to seconds at the end.
struct SampleCount {
    /// By samples a second: a recording may change its rate.
    private var counts: [Int64: Int64] = [:]
    private var isOverlong = false

    /// Fewer than none take away.
    mutating func add(_ count: Int64, at rate: Int64) {
        guard rate > 0 else { return }
        let (sum, overflow) = counts[rate, default: 0].addingReportingOverflow(count)
        if overflow { isOverlong = true } else { counts[rate] = sum }
    }

    /// `ticks` of `numerator / denominator` seconds each.
    mutating func add(_ ticks: Int64, ofTicks numerator: Int32, per denominator: Int32) {
        let (count, overflow) = ticks.multipliedReportingOverflow(by: Int64(numerator))
        if overflow { isOverlong = true } else { add(count, at: Int64(denominator)) }
    }

    /// At most ``RecordingWarning/longest``.
    var seconds: Double {
        if isOverlong { return RecordingWarning.longest }
        // Asked for with each packet.
        if counts.count == 1, let only = counts.first {
            return min(Double(only.value) / Double(only.key), RecordingWarning.longest)
        }
        let sum = counts.sorted { $0.key < $1.key }.reduce(0) { $0 + Double($1.value) / Double($1.key) }
        return min(sum, RecordingWarning.longest)
    }
}
