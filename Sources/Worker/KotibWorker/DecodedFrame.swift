import CAV

/// A frame of libav's, its channels as float, whatever its format.
struct DecodedFrame {
    private let frame: UnsafeMutablePointer<AVFrame>
    /// Hertz.
    let rate: Int32
    /// Samples of each channel.
    let length: Int
    let channels: Int

    /// Above what any format's full scale is, so that sums stay finite: files exist whose float samples have
    /// the size of 32-bit integers.
    private static let largest: Float = 1e12

    init(_ frame: UnsafeMutablePointer<AVFrame>) {
        self.frame = frame
        rate = frame.pointee.sample_rate
        length = Int(frame.pointee.nb_samples)
        channels = Int(frame.pointee.ch_layout.nb_channels)
    }

    /// Adds `channel` times `weight` to `sum`, which is as long as the frame. Integers become what lies
    /// between -1 and 1; float formats can hold anything, and what is no number is silence.
    /// - Throws: ``Rejection/damaged(detail:)`` for a format that libav does not have today.
    func add(_ channel: Int, times weight: Float, to sum: inout [Float]) throws {
        switch av_get_packed_sample_fmt(AVSampleFormat(rawValue: frame.pointee.format)) {
        case AV_SAMPLE_FMT_U8: add(channel, UInt8.self, to: &sum) { (Float($0) - 128) / 128 * weight }
        case AV_SAMPLE_FMT_S16: add(channel, Int16.self, to: &sum) { Float($0) / 32_768 * weight }
        case AV_SAMPLE_FMT_S32: add(channel, Int32.self, to: &sum) { Float($0) / 0x1p31 * weight }
        case AV_SAMPLE_FMT_S64: add(channel, Int64.self, to: &sum) { Float($0) / 0x1p63 * weight }
        case AV_SAMPLE_FMT_FLT: add(channel, Float.self, to: &sum) { Self.bounded($0) * weight }
        case AV_SAMPLE_FMT_DBL: add(channel, Double.self, to: &sum) { Self.bounded(Float($0)) * weight }
        default: throw RejectionDetail.undecodable
        }
    }

    private static func bounded(_ sample: Float) -> Float {
        sample.isFinite ? min(largest, max(-largest, sample)) : 0
    }

    private func add<Sample>(
        _ channel: Int, _ type: Sample.Type, to sum: inout [Float], _ value: (Sample) -> Float
    ) {
        let isPlanar = av_sample_fmt_is_planar(AVSampleFormat(rawValue: frame.pointee.format)) != 0
        guard let plane = frame.pointee.extended_data[isPlanar ? channel : 0] else { return }
        let step = isPlanar ? 1 : channels
        let first = isPlanar ? 0 : channel
        // libav allocates each plane for all samples, aligned for any type.
        plane.withMemoryRebound(to: type, capacity: length * step) { samples in
            for index in 0..<min(length, sum.count) { sum[index] += value(samples[first + index * step]) }
        }
    }
}

/// How the channels of one track become signals, each a sum.
enum ChannelMix: Hashable, Sendable {
    struct Part: Hashable, Sendable {
        var channel: Int
        var weight: Float
    }

    /// One signal, the mean of all channels, however many there are.
    case mean
    /// The parts of each signal, out of so many channels. If a frame has fewer, one stands for several; if it
    /// has more, they are assigned to known ones: a stream may change on the way.
    case signals([[Part]], channels: Int)

    var count: Int {
        switch self {
        case .mean: 1
        case .signals(let signals, _): signals.count
        }
    }

    /// Whether nothing is heard of the track.
    var isSilent: Bool {
        switch self {
        case .mean: false
        case .signals(let signals, _): signals.allSatisfy(\.isEmpty)
        }
    }

    /// - Throws: ``Rejection/damaged(detail:)`` for an unknown format.
    func signals(of frame: DecodedFrame) throws -> [[Float]] {
        try parts(of: frame).map { parts in
            var sum = [Float](repeating: 0, count: frame.length)
            for part in parts { try frame.add(part.channel, times: part.weight, to: &sum) }
            return sum
        }
    }

    private func parts(of frame: DecodedFrame) -> [[Part]] {
        switch self {
        case .mean:
            [(0..<frame.channels).map { Part(channel: $0, weight: 1 / Float(frame.channels)) }]
        case .signals(let signals, let known):
            signals.map { parts in
                parts.flatMap { part in
                    stride(from: part.channel % frame.channels, to: frame.channels, by: known)
                        .map { Part(channel: $0, weight: part.weight) }
                }
            }
        }
    }
}
