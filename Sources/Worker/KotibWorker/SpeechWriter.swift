import CAV
import KotibWorkerProtocol

/// Samples to a file of speech: encoded, and put into the container that goes with the codec.
final class SpeechWriter {
    private var encoder: UnsafeMutablePointer<AVCodecContext>?
    private var muxer: UnsafeMutablePointer<AVFormatContext>?
    private var frame: UnsafeMutablePointer<AVFrame>?
    private let packet: Packet
    private let output: OutputBuffer
    /// Samples that make no whole frame yet.
    private var pending: [Float] = []
    /// Samples encoded so far.
    private var position: Int64 = 0

    private static let timeBase = AVRational(num: 1, den: Int32(Decoder.sampleRate))

    /// - Parameter bitRate: bits a second; of no meaning for FLAC.
    /// - Throws: ``EngineFailure``, or ``OutputBuffer/BufferFull``.
    init(_ codec: SpeechCodec, bitRate: Int, _ output: OutputBuffer) throws {
        self.output = output
        packet = try Packet()
        // All is set from here on, so that `deinit` frees what there is where the rest fails.
        try openMuxer(codec.muxer)
        try openEncoder(codec, bitRate: bitRate)
        try makeFrame()
        try writeHeader()
    }

    deinit {
        av_frame_free(&frame)
        avcodec_free_context(&encoder)
        avformat_free_context(muxer)
    }

    /// Encodes what fills whole frames.
    func write(_ samples: [Float]) throws {
        pending += samples
        let size = frameSize
        var start = 0
        while pending.count - start >= size {
            try encode(pending[start..<start + size])
            start += size
        }
        pending.removeFirst(start)
    }

    /// Encodes the rest and completes the file.
    func finish() throws {
        if !pending.isEmpty { try encode(pending[...]) }
        pending = []
        try check(avcodec_send_frame(encoder, nil), "avcodec_send_frame")
        try drain()
        let ended = av_write_trailer(muxer)
        if output.isFull { throw OutputBuffer.BufferFull() }
        try check(ended, "av_write_trailer")
    }

    // MARK: Setting up

    private func openMuxer(_ name: String) throws {
        try check(avformat_alloc_output_context2(&muxer, nil, name, nil), "the muxer \(name)")
        muxer?.pointee.pb = output.context
        // Bit-exact: the same recording gives the same file, and nobody asks the kernel for a random serial
        // number.
        muxer?.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
    }

    private func openEncoder(_ codec: SpeechCodec, bitRate: Int) throws {
        guard let found = avcodec_find_encoder_by_name(codec.encoder) else {
            throw EngineFailure(message: "libav lacks the encoder \(codec.encoder)")
        }
        encoder = avcodec_alloc_context3(found)
        guard let context = encoder else { throw EngineFailure(message: "out of memory") }
        context.pointee.sample_rate = Int32(Decoder.sampleRate)
        context.pointee.sample_fmt = AV_SAMPLE_FMT_S16
        context.pointee.time_base = Self.timeBase
        context.pointee.thread_count = 1
        context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
        av_channel_layout_default(&context.pointee.ch_layout, 1)
        if let format = muxer?.pointee.oformat, format.pointee.flags & AVFMT_GLOBALHEADER != 0 {
            context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
        }
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        if codec == .opus {
            context.pointee.bit_rate = Int64(bitRate)
            // Of 10: takes half the time of the highest (docs/benchmarks.md).
            context.pointee.compression_level = 5
            av_dict_set(&options, "application", "voip", 0)
            // Never more than the bit rate, so that the size is known beforehand.
            av_dict_set(&options, "vbr", "constrained", 0)
            // Milliseconds: nobody waits for the next word, and fewer packets are less beside the sound.
            av_dict_set(&options, "frame_duration", "60", 0)
        }
        try check(avcodec_open2(context, found, &options), "the encoder \(codec.encoder)")
    }

    private func makeFrame() throws {
        frame = av_frame_alloc()
        guard let frame, let encoder else { throw EngineFailure(message: "out of memory") }
        frame.pointee.format = AV_SAMPLE_FMT_S16.rawValue
        frame.pointee.sample_rate = Int32(Decoder.sampleRate)
        frame.pointee.nb_samples = encoder.pointee.frame_size
        av_channel_layout_default(&frame.pointee.ch_layout, 1)
        try check(av_frame_get_buffer(frame, 0), "av_frame_get_buffer")
    }

    private func writeHeader() throws {
        guard let stream = avformat_new_stream(muxer, nil) else {
            throw EngineFailure(message: "out of memory")
        }
        stream.pointee.time_base = Self.timeBase
        try check(avcodec_parameters_from_context(stream.pointee.codecpar, encoder), "avcodec_parameters")
        let written = avformat_write_header(muxer, nil)
        if output.isFull { throw OutputBuffer.BufferFull() }
        try check(written, "avformat_write_header")
    }

    // MARK: Encoding

    private var frameSize: Int { Int(encoder?.pointee.frame_size ?? 1) }

    private func encode(_ samples: ArraySlice<Float>) throws {
        guard let frame else { return }
        try check(av_frame_make_writable(frame), "av_frame_make_writable")
        frame.pointee.nb_samples = Int32(samples.count)
        frame.pointee.pts = position
        position += Int64(samples.count)
        frame.pointee.data.0?.withMemoryRebound(to: Int16.self, capacity: samples.count) { target in
            for (index, sample) in samples.enumerated() {
                target[index] = Int16(max(-32_768, min(32_767, (sample * 32_768).rounded())))
            }
        }
        try check(avcodec_send_frame(encoder, frame), "avcodec_send_frame")
        try drain()
    }

    /// Hands on the packets that the encoder has ready.
    private func drain() throws {
        while true {
            av_packet_unref(packet.pointer)
            let result = avcodec_receive_packet(encoder, packet.pointer)
            if result == CAV_TRY_AGAIN || result == CAV_END_OF_FILE { return }
            try check(result, "avcodec_receive_packet")
            // The muxer chose a time base of its own.
            if let stream = muxer?.pointee.streams[0] {
                av_packet_rescale_ts(packet.pointer, Self.timeBase, stream.pointee.time_base)
            }
            packet.pointer.pointee.stream_index = 0
            let written = av_write_frame(muxer, packet.pointer)
            if output.isFull { throw OutputBuffer.BufferFull() }
            try check(written, "av_write_frame")
        }
    }

    private func check(_ result: Int32, _ operation: String) throws(EngineFailure) {
        if result < 0 { throw EngineFailure(message: "\(operation) failed: \(result)") }
    }
}

extension SpeechCodec {
    /// libav's name of it.
    fileprivate var encoder: String {
        switch self {
        case .opus: "libopus"
        case .flac: "flac"
        }
    }

    fileprivate var muxer: String {
        switch self {
        case .opus: "ogg"
        case .flac: "flac"
        }
    }
}
