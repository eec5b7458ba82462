import CAV
import KotibModel

/// A decoder of one stream. Only codecs that are usual in that container are opened.
final class AudioCodec {
    private var context: UnsafeMutablePointer<AVCodecContext>?
    private let frame: UnsafeMutablePointer<AVFrame>
    /// libav's name of the codec.
    let name: String

    /// Samples in a frame: FLAC's longest block is 65,535, PCM comes in pieces of a few thousand.
    private static let longestFrame: Int64 = 1 << 18
    /// Hertz. Lower ones would make resampling a way to blow up memory.
    static let sampleRates: ClosedRange<Int32> = 1_000...768_000

    /// - Parameters:
    ///   - container: says which codecs may be opened.
    ///   - strict: a frame whose checksum is wrong is an error.
    /// - Throws: ``Rejection/unsupportedCodec(codec:)`` for one that is not accepted,
    ///   ``Rejection/damaged(detail:)`` where it cannot be set up.
    init(
        _ parameters: UnsafeMutablePointer<AVCodecParameters>, of container: Container, strict: Bool
    ) throws {
        let name = String(cString: avcodec_get_name(parameters.pointee.codec_id))
        guard container.allows(name), let codec = avcodec_find_decoder(parameters.pointee.codec_id)
        else { throw RejectionDetail.codec(name) }
        var context = avcodec_alloc_context3(codec)
        var frame = av_frame_alloc()
        guard let context, let frame, avcodec_parameters_to_context(context, parameters) >= 0 else {
            avcodec_free_context(&context)
            av_frame_free(&frame)
            throw EngineFailure(message: "out of memory")
        }
        context.pointee.thread_count = 1
        context.pointee.max_samples = Self.longestFrame
        if strict { context.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE }
        let opened = avcodec_open2(context, codec, nil)
        if opened < 0 {
            var context: UnsafeMutablePointer<AVCodecContext>? = context
            var frame: UnsafeMutablePointer<AVFrame>? = frame
            avcodec_free_context(&context)
            av_frame_free(&frame)
            throw RejectionDetail.libav(opened)
        }
        self.context = context
        self.frame = frame
        self.name = name
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = frame
        av_frame_free(&frame)
        avcodec_free_context(&context)
    }

    /// Bits a second, where the codec has said so by now; 0 otherwise.
    var bitRate: Int64 { context?.pointee.bit_rate ?? 0 }

    /// AMR has silent frames of 20 ms (RFC 4867, 3.1 and 4.3.2), which libav does not decode. Without them
    /// all later sound would come too early.
    var hasFramesOfSilence: Bool { name == "amr_nb" || name == "amr_wb" }

    /// Decodes `packet`, or the delayed frames where it is nil, and calls `body` with each usable frame.
    /// Returns false if anything in it could not be decoded.
    func decode(_ packet: Packet?, _ body: (UnsafeMutablePointer<AVFrame>) throws -> Void) rethrows -> Bool {
        var isWhole = avcodec_send_packet(context, packet?.pointer) >= 0
        while true {
            let result = avcodec_receive_frame(context, frame)
            if result == CAV_TRY_AGAIN || result == CAV_END_OF_FILE { return isWhole }
            if result < 0 { return false }
            defer { av_frame_unref(frame) }
            let isUsable =
                Self.sampleRates.contains(frame.pointee.sample_rate)
                && frame.pointee.nb_samples > 0 && frame.pointee.ch_layout.nb_channels > 0
            if isUsable { try body(frame) } else { isWhole = false }
        }
    }
}
