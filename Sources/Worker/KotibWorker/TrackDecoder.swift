import CAV
import KotibModel

/// One track of a recording as a stream of signals: decoded packet by packet, mixed, resampled, never held as
/// a whole.
final class TrackDecoder {
    private let demuxer: Demuxer
    private let codec: AudioCodec
    private let packet: Packet
    private let mix: ChannelMix
    /// Hertz, of what it gives.
    private let rate: Int
    private var resampler: Resampler
    /// Decoded and not yet asked for, of each signal.
    private var pending: [[Float]]
    /// Samples of silence that come first.
    private var leading = 0
    private var hasEnded = false
    private var hasDecoded = false
    /// The most that a frame has had so far.
    private(set) var channels = 0

    /// Seconds from the container's zero.
    var startTime: Double { demuxer.startTime }
    /// Seconds, for progress; 0 if unknown.
    var expectedDuration: Double { demuxer.expectedDuration(bitRate: codec.bitRate) }

    /// Decodes the beginning, so that a track that cannot be decoded is known at once.
    /// - Parameters:
    ///   - track: counted from 0.
    ///   - rate: hertz, of what it is to give.
    /// - Throws: ``Rejection`` for the file's fault, ``SystemError`` where it cannot be read.
    init(
        _ source: any ByteSource, container: Container, track: Int = 0, mix: ChannelMix = .mean,
        rate: Int = Decoder.sampleRate
    ) throws {
        demuxer = try Demuxer(source, container: container, track: track, budget: nil)
        codec = try AudioCodec(demuxer.stream.pointee.codecpar, of: container, strict: false)
        packet = try Packet()
        self.mix = mix
        self.rate = rate
        resampler = Resampler(to: rate)
        pending = Array(repeating: [], count: mix.count)
        try decodeMore()
    }

    /// Puts silence before what comes next.
    /// - Parameter seconds: not negative, and no more than a recording may last.
    func delay(by seconds: Double) {
        leading = Int((seconds * Double(rate)).rounded())
    }

    /// The next samples of each signal, `count` of them; fewer only at the end, where at last there are none.
    func read(_ count: Int) throws -> [[Float]] {
        if leading > 0 {
            let silence = [Float](repeating: 0, count: min(count, leading))
            leading -= silence.count
            return Array(repeating: silence, count: mix.count)
        }
        while ready < count && !hasEnded { try decodeMore() }
        let taken = min(count, ready)
        return pending.indices.map { index in
            let samples = Array(pending[index].prefix(taken))
            pending[index].removeFirst(taken)
            return samples
        }
    }

    /// Samples that each signal has.
    private var ready: Int { pending.first?.count ?? 0 }

    /// Decodes until there is at least one sample more, or the end. Frames that cannot be decoded are left
    /// out.
    private func decodeMore() throws {
        let before = ready
        while ready == before {
            guard try demuxer.next(packet) else { return try finish() }
            let isWhole = try codec.decode(packet, receive)
            if !isWhole, ready == before, hasDecoded, codec.hasFramesOfSilence {
                for index in pending.indices { pending[index] += Array(repeating: 0, count: rate / 50) }
            }
        }
    }

    private func finish() throws {
        hasEnded = true
        _ = try codec.decode(nil, receive)
        try resampler.drain(into: &pending)
        if !hasDecoded { throw RejectionDetail.undecodable }
    }

    private func receive(_ frame: UnsafeMutablePointer<AVFrame>) throws {
        hasDecoded = true
        let frame = DecodedFrame(frame)
        channels = max(channels, frame.channels)
        try resampler.convert(mix.signals(of: frame), from: frame.rate, into: &pending)
    }
}
