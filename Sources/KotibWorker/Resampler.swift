import CAV
import KotibModel

/// Frames of any format to 16 kHz mono float. A recording may change its format on the way; each change starts
/// a new converter, after the old one has given what it held.
struct Resampler: ~Copyable {
    private struct Format: Equatable {
        var rate: Int32
        var sampleFormat: Int32
        var channels: Int32
        var order: UInt32
        var mask: UInt64
    }

    private var converter: OpaquePointer?
    private var format: Format?

    deinit {
        var converter = converter
        swr_free(&converter)
    }

    /// Appends the samples of `frame`.
    /// - Throws: ``Rejection/damaged(detail:)`` where libav cannot convert from its format.
    mutating func convert(_ frame: UnsafeMutablePointer<AVFrame>, into samples: inout [Float]) throws {
        let layout = frame.pointee.ch_layout
        let found = Format(
            rate: frame.pointee.sample_rate, sampleFormat: frame.pointee.format,
            channels: layout.nb_channels, order: layout.order.rawValue, mask: layout.u.mask)
        if found != format {
            try drain(into: &samples)
            try start(frame)
            format = found
        }
        // The same pointers: swr_convert(3) promises to write through none of them.
        let planes = UnsafeMutableRawPointer(frame.pointee.extended_data)?
            .assumingMemoryBound(to: UnsafePointer<UInt8>?.self)
        try append(planes, frame.pointee.nb_samples, to: &samples)
    }

    /// Appends what the converter still holds.
    mutating func drain(into samples: inout [Float]) throws {
        if converter != nil { try append(nil, 0, to: &samples) }
        swr_free(&converter)
        format = nil
    }

    private mutating func start(_ frame: UnsafeMutablePointer<AVFrame>) throws {
        var mono = AVChannelLayout()
        av_channel_layout_default(&mono, 1)
        // Channels without a meaning are mixed as the usual layout of that number.
        var guess = AVChannelLayout()
        defer { av_channel_layout_uninit(&guess) }
        if frame.pointee.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC {
            av_channel_layout_default(&guess, frame.pointee.ch_layout.nb_channels)
        } else {
            av_channel_layout_copy(&guess, &frame.pointee.ch_layout)
        }
        let allocated = swr_alloc_set_opts2(
            &converter, &mono, AV_SAMPLE_FMT_FLT, Int32(Decoder.sampleRate), &guess,
            AVSampleFormat(rawValue: frame.pointee.format), frame.pointee.sample_rate, 0, nil)
        let started = allocated < 0 ? allocated : swr_init(converter)
        if started < 0 {
            swr_free(&converter)
            throw RejectionDetail.libav(started)
        }
    }

    private func append(
        _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: Int32, to samples: inout [Float]
    ) throws {
        let room = swr_get_out_samples(converter, count)
        guard room > 0 else { return }
        var converted: Int32 = 0
        let fresh = [Float](unsafeUninitializedCapacity: Int(room)) { buffer, filled in
            buffer.withMemoryRebound(to: UInt8.self) { bytes in
                var output = bytes.baseAddress
                converted = swr_convert(converter, &output, room, planes, count)
            }
            filled = Int(max(0, converted))
        }
        if converted < 0 { throw RejectionDetail.libav(converted) }
        // Float formats can hold anything; the engine expects sound.
        samples += fresh.lazy.map { $0.isFinite ? min(1, max(-1, $0)) : 0 }
    }
}
