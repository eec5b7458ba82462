import CAV
import KotibModel

/// One file, opened by the only demuxer of its kind: no probing, no protocols, no other files. Returns the
/// packets of one of its audio streams, which are called tracks here.
final class Demuxer {
    private var context: UnsafeMutablePointer<AVFormatContext>?
    let input: AVInput
    let stream: UnsafeMutablePointer<AVStream>
    /// How many audio streams there are.
    let trackCount: Int
    private let streamIndex: Int32
    private let sound: AudioPacketHash?

    /// The number of broken packets in a row after which the rest of the file is given up.
    private static let maxBrokenPackets = 100
    /// libav tells standard error about every oddity of a file; what matters comes as an error too.
    private static let silence: Void = av_log_set_level(AV_LOG_QUIET)

    /// - Parameters:
    ///   - track: counted from 0.
    ///   - sound: is shown the packets of all audio streams.
    /// - Throws: ``Rejection`` where the file is no such container or has no such track, what `source`
    ///   throws, ``EngineFailure``.
    init(
        _ source: any ByteSource, container: Container, track: Int = 0, budget: ProcessorBudget?,
        sound: AudioPacketHash? = nil
    ) throws {
        self.sound = sound
        Self.silence
        let input = try AVInput(source, budget: budget)
        var context = try Self.open(input, container)
        do {
            let tracks = Self.tracks(of: context)
            guard tracks.indices.contains(track), let stream = context?.pointee.streams[tracks[track]] else {
                throw RejectionDetail.silent
            }
            Self.discardAll(of: context, but: sound == nil ? [tracks[track]] : tracks)
            self.stream = stream
            streamIndex = Int32(tracks[track])
            trackCount = tracks.count
        } catch {
            avformat_close_input(&context)
            throw error
        }
        self.context = context
        self.input = input
    }

    deinit {
        avformat_close_input(&context)
    }

    private static func open(
        _ input: AVInput, _ container: Container
    ) throws -> UnsafeMutablePointer<AVFormatContext>? {
        var context = avformat_alloc_context()
        guard let format = av_find_input_format(container.rawValue), let fresh = context else {
            avformat_free_context(context)
            throw EngineFailure(message: "libav lacks the demuxer \(container.rawValue)")
        }
        fresh.pointee.pb = input.context
        fresh.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        // A container that names further files gets none of them.
        fresh.pointee.io_open = { _, _, _, _, _ in CAV_NOT_PERMITTED }
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        av_dict_set(&options, "format_whitelist", container.rawValue, 0)
        av_dict_set(&options, "protocol_whitelist", "none", 0)
        if container == .mov { av_dict_set(&options, "ignore_chapters", "1", 0) }
        let opened = avformat_open_input(&context, nil, format, &options)
        try input.check()
        if opened < 0 { throw RejectionDetail.libav(opened) }
        return context
    }

    /// The indexes of the audio streams.
    private static func tracks(of context: UnsafeMutablePointer<AVFormatContext>?) -> [Int] {
        guard let context else { return [] }
        return (0..<Int(context.pointee.nb_streams)).filter { index in
            context.pointee.streams[index]?.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
        }
    }

    private static func discardAll(of context: UnsafeMutablePointer<AVFormatContext>?, but wanted: [Int]) {
        guard let context else { return }
        for index in 0..<Int(context.pointee.nb_streams) where !wanted.contains(index) {
            context.pointee.streams[index]?.pointee.discard = AVDISCARD_ALL
        }
    }

    /// The next packet of the stream; false at the end. Broken packets are passed over, as players do.
    /// - Throws: what the source throws, or ``Rejection`` where the budget is spent.
    func next(_ packet: Packet) throws -> Bool {
        var broken = 0
        while broken < Self.maxBrokenPackets {
            av_packet_unref(packet.pointer)
            let result = av_read_frame(context, packet.pointer)
            try input.check()
            if result == CAV_END_OF_FILE { return false }
            if result < 0 {
                broken += 1
                continue
            }
            hear(packet)
            if packet.pointer.pointee.stream_index == streamIndex {
                return true
            }
        }
        return false
    }

    private func hear(_ packet: Packet) {
        let index = Int(packet.pointer.pointee.stream_index)
        guard let sound, let context, index < Int(context.pointee.nb_streams),
            let stream = context.pointee.streams[index],
            stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
        else { return }
        sound.absorb(packet, of: stream)
    }

    /// The duration in seconds by the container, or by size and bit rate; 0 if neither is known.
    func expectedDuration(bitRate: Int64) -> Double {
        let stated = stream.pointee.duration
        if stated != CAV_NO_TIME && stated > 0 { return Double(stated) * av_q2d(stream.pointee.time_base) }
        // Matroska and ASF say one of the whole file only.
        if let whole = context?.pointee.duration, whole != CAV_NO_TIME, whole > 0 {
            return Double(whole) / Double(AV_TIME_BASE)
        }
        return bitRate > 0 ? Double(input.source.size) * 8 / Double(bitRate) : 0
    }

    /// Seconds from the container's zero to the track's first sound; 0 where it says nothing.
    var startTime: Double {
        let start = stream.pointee.start_time
        return start == CAV_NO_TIME ? 0 : Double(start) * av_q2d(stream.pointee.time_base)
    }

    /// The offset behind the last byte of all samples in the container's index. 0 without an index.
    func endOfIndex() -> Int64 {
        var end: Int64 = 0
        for index in 0..<avformat_index_get_entries_count(stream) {
            guard let entry = avformat_index_get_entry(stream, index)?.pointee else { break }
            let (sum, overflow) = entry.pos.addingReportingOverflow(Int64(entry.size))
            end = overflow ? .max : max(end, sum)
        }
        return end
    }

    /// Whether the container's index lists a sample that lies in `range`, at least in part.
    func indexes(_ range: Range<Int64>) -> Bool {
        for index in 0..<avformat_index_get_entries_count(stream) {
            guard let entry = avformat_index_get_entry(stream, index)?.pointee else { break }
            let (end, overflow) = entry.pos.addingReportingOverflow(Int64(entry.size))
            if entry.pos < range.upperBound && (overflow || end > range.lowerBound) { return true }
        }
        return false
    }
}

/// An AVPacket with an owner.
final class Packet {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() throws(EngineFailure) {
        guard let pointer = av_packet_alloc() else { throw EngineFailure(message: "out of memory") }
        self.pointer = pointer
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }

    /// Bytes.
    var size: Int { Int(max(0, pointer.pointee.size)) }

    /// The reader ran into the end of the file.
    var isCutShort: Bool { pointer.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }

    /// Samples of the encoder's making, before the sound and after it, which a decoder leaves out. Side data
    /// of libav: two little-endian numbers of four bytes (libavcodec/packet.h, AV_PKT_DATA_SKIP_SAMPLES).
    var skippedSamples: UInt64 {
        var count = 0
        guard let data = av_packet_get_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, &count), count >= 8 else {
            return 0
        }
        let bytes = Array(UnsafeBufferPointer(start: data, count: 8))
        return bytes.littleEndian(at: 0, count: 4) + bytes.littleEndian(at: 4, count: 4)
    }

    func prefix(_ count: Int) -> [UInt8] {
        Array(UnsafeBufferPointer(start: pointer.pointee.data, count: min(count, size)))
    }

    /// Becomes another reference to what `other` holds.
    func refer(to other: Packet) throws(EngineFailure) {
        av_packet_unref(pointer)
        let referred = av_packet_ref(pointer, other.pointer)
        if referred < 0 { throw EngineFailure(message: "out of memory") }
    }
}
