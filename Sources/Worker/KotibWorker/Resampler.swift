import CAV
import KotibModel

/// Resamples signals to one rate. A recording may change its rate on the way; each change starts new
/// converters after draining the old ones.
struct Resampler {
    /// Hertz.
    private let rate: Int32
    private var from: Int32 = 0
    private var converters: [RateConverter] = []

    init(to rate: Int) {
        self.rate = Int32(rate)
    }

    /// Appends `signals`, sampled at `from` hertz, to `samples`, which has as many.
    /// - Throws: ``Rejection/damaged(detail:)`` where libav cannot convert from that rate.
    mutating func convert(_ signals: [[Float]], from: Int32, into samples: inout [[Float]]) throws {
        if from != self.from {
            try drain(into: &samples)
            converters = try signals.map { _ in try RateConverter(from: from, to: rate) }
            self.from = from
        }
        for (index, converter) in converters.enumerated() {
            try converter.convert(signals[index], into: &samples[index])
        }
    }

    /// Appends what the converters still hold.
    mutating func drain(into samples: inout [[Float]]) throws {
        for (index, converter) in converters.enumerated() {
            try converter.drain(into: &samples[index])
        }
        converters = []
        from = 0
    }
}

/// One signal to another rate, by libswresample. Mixing is done before, because libswresample has opinions
/// about what channels mean: it leaves out what it takes for a subwoofer, and knows no layouts of more than
/// 64.
final class RateConverter {
    private var context: OpaquePointer?

    /// - Throws: ``Rejection/damaged(detail:)`` where libav cannot.
    init(from: Int32, to: Int32) throws {
        var mono = AVChannelLayout()
        av_channel_layout_default(&mono, 1)
        var same = mono
        let allocated = swr_alloc_set_opts2(
            &context, &mono, AV_SAMPLE_FMT_FLT, to, &same, AV_SAMPLE_FMT_FLT, from, 0, nil)
        let started = allocated < 0 ? allocated : swr_init(context)
        if started < 0 {
            swr_free(&context)
            throw RejectionDetail.libav(started)
        }
    }

    deinit {
        swr_free(&context)
    }

    func convert(_ signal: [Float], into samples: inout [Float]) throws {
        try signal.withUnsafeBytes { bytes in
            var input = bytes.bindMemory(to: UInt8.self).baseAddress
            try append(&input, Int32(signal.count), to: &samples)
        }
    }

    func drain(into samples: inout [Float]) throws {
        try append(nil, 0, to: &samples)
    }

    private func append(
        _ input: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: Int32, to samples: inout [Float]
    ) throws {
        let room = swr_get_out_samples(context, count)
        guard room > 0 else { return }
        var converted: Int32 = 0
        samples += [Float](unsafeUninitializedCapacity: Int(room)) { buffer, filled in
            buffer.withMemoryRebound(to: UInt8.self) { bytes in
                var output = bytes.baseAddress
                converted = swr_convert(context, &output, room, input, count)
            }
            filled = Int(max(0, converted))
        }
        if converted < 0 { throw RejectionDetail.libav(converted) }
    }
}
