import CAV
import KotibModel

/// One pass over all packets of a recording: how long it lasts, and whether its sound can be decoded.
struct PacketWalk {
    /// Seconds, the sum of all packets.
    private(set) var duration: Double = 0
    private(set) var packets: UInt64 = 0
    /// The last packet, nil without any.
    private(set) var last: Packet?
    private(set) var channels: Int
    /// Hertz.
    private(set) var sampleRate: Int

    /// Seconds of the frame decoded last, for containers that give their packets no duration.
    private var frameDuration = 0.0
    private var bytes = 0
    /// Those that are MPEG audio frames, where packets start with such.
    private var frameBytes = 0
    private var decoded = 0
    private var undecoded = 0

    private let isMP3: Bool
    /// libav counts the packets in the rate before coding, where the container names that one.
    private let isOpusInMatroska: Bool

    /// Packets that must have been decoded well before the rest is believed.
    private static let proof = 16

    init(_ stream: UnsafeMutablePointer<AVStream>, of container: Container) {
        isMP3 = container == .mp3
        isOpusInMatroska =
            container == .matroska && stream.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_OPUS
        channels = Int(max(0, stream.pointee.codecpar.pointee.ch_layout.nb_channels))
        sampleRate = Int(max(0, stream.pointee.codecpar.pointee.sample_rate))
    }

    /// Walks to the end.
    /// - Throws: ``Rejection/tooLong(duration:limit:)`` as soon as that is known, what the source throws.
    mutating func walk(_ demuxer: Demuxer, _ codec: AudioCodec, longest: Double) throws {
        let stated = demuxer.expectedDuration(bitRate: 0)
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
        if packets > 0 { self.last = last }
        if !isProven { _ = codec.decode(nil) { note($0) } }
    }

    /// Most of what was tried could be decoded. A damaged beginning only makes the trial longer.
    private var isProven: Bool { decoded >= Self.proof && decoded > undecoded }

    private mutating func attempt(_ packet: Packet, _ codec: AudioCodec) {
        if !codec.decode(packet, { note($0) }) { undecoded += 1 }
    }

    private mutating func measure(_ packet: Packet, _ demuxer: Demuxer) {
        let own = isOpusInMatroska ? OpusPacket.duration(packet.prefix(2)) : nil
        duration += own ?? demuxer.duration(of: packet) ?? frameDuration
        if sampleRate > 0 { duration -= Double(packet.skippedSamples) / Double(sampleRate) }
        bytes += packet.size
        let header = MPEGFrameHeader(packet.prefix(4))
        frameBytes += min(packet.size, header?.length ?? 0)
    }

    private mutating func note(_ frame: UnsafeMutablePointer<AVFrame>) {
        decoded += 1
        channels = Int(frame.pointee.ch_layout.nb_channels)
        sampleRate = Int(frame.pointee.sample_rate)
        frameDuration = Double(frame.pointee.nb_samples) / Double(frame.pointee.sample_rate)
    }

    /// - Throws: ``Rejection/damaged(detail:)`` where there is no sound, or most of it is not what it should be.
    func requireSound() throws(Rejection) {
        if packets == 0 { throw RejectionDetail.silent }
        if decoded == 0 || decoded < undecoded { throw RejectionDetail.undecodable }
        if duration <= 0 { throw RejectionDetail.silent }
        // An MP3 decoder takes almost anything for a frame that follows a sync word.
        if isMP3 && frameBytes < bytes / 4 { throw RejectionDetail.undecodable }
    }
}
