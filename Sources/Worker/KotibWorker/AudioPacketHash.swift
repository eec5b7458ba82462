import CAV
import KotibModel

/// Hashes the sound of a file while its packets are read: of all audio streams, in the order of the file.
///
/// Lengths and times of packets are left out, so that the sound of a file that grew begins with the earlier
/// sound, even if the last packet was cut then.
final class AudioPacketHash {
    private let hash: OpaquePointer
    private let container: Container
    private let earlier: SoundIdentity?
    private var size: Int64 = 0
    private var beginsWithEarlier = false
    /// Streams of the recording that is walked of which the coding is in the hash.
    private var known: Set<Int32> = []

    /// - Parameter earlier: the earlier sound, with which this one may begin.
    init(of container: Container, after earlier: SoundIdentity?) throws(EngineFailure) {
        guard let hash = av_sha_alloc() else { throw EngineFailure(message: "out of memory") }
        av_sha_init(hash, 256)
        self.hash = hash
        self.container = container
        self.earlier = earlier
    }

    deinit {
        av_free(UnsafeMutableRawPointer(hash))
    }

    /// The packets that come now are those of the next recording in the file.
    func beginRecording() { known = [] }

    /// - Parameter stream: the packet's.
    func absorb(_ packet: Packet, of stream: UnsafeMutablePointer<AVStream>) {
        let count = soundBytes(of: packet, stream)
        guard count > 0, let data = packet.pointer.pointee.data else { return }
        if known.insert(packet.pointer.pointee.stream_index).inserted {
            Array(coding(stream.pointee.codecpar.pointee).utf8).withUnsafeBufferPointer { update($0) }
        }
        update(UnsafeBufferPointer(start: data, count: count))
    }

    /// Nil where there was none.
    func finish() -> SoundIdentity? {
        guard size > 0 else { return nil }
        return SoundIdentity(sha256: digest(of: hash), size: size)
    }

    /// The earlier sound, if this one begins with it and is longer.
    var continued: SoundIdentity? {
        guard let earlier, beginsWithEarlier, size > earlier.size else { return nil }
        return earlier
    }

    /// How much of a packet is sound: of MPEG audio the frame, since a reader makes packets of tags and
    /// rubbish, too. What an edit list leaves out is not heard.
    private func soundBytes(of packet: Packet, _ stream: UnsafeMutablePointer<AVStream>) -> Int {
        if packet.pointer.pointee.flags & AV_PKT_FLAG_DISCARD != 0 { return 0 }
        switch stream.pointee.codecpar.pointee.codec_id {
        case AV_CODEC_ID_MP1, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3:
            return min(packet.size, MPEGFrameHeader(packet.prefix(4))?.length ?? 0)
        case AV_CODEC_ID_AAC where container == .aac:
            return ADTSLayout.isFrame(packet.prefix(7)) ? packet.size : 0
        default:
            return packet.size
        }
    }

    /// How the bytes are read: the same at another rate, or cut into other blocks, are another sound.
    private func coding(_ parameters: AVCodecParameters) -> String {
        let name = String(cString: avcodec_get_name(parameters.codec_id))
        if saysHowItIsRead(parameters.codec_id) { return "\(name)\0" }
        // The size of a block and the bits of a sample matter only to what is no PCM.
        let block =
            isPCM(parameters.codec_id) ? "" : " \(parameters.block_align) \(parameters.bits_per_coded_sample)"
        return "\(name) \(parameters.sample_rate) \(parameters.ch_layout.nb_channels)\(block)\0"
    }

    /// Whether the packets themselves, or headers among them, tell rate and channels, and not the container.
    private func saysHowItIsRead(_ codec: AVCodecID) -> Bool {
        switch codec {
        case AV_CODEC_ID_MP1, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3, AV_CODEC_ID_FLAC, AV_CODEC_ID_VORBIS,
            AV_CODEC_ID_OPUS, AV_CODEC_ID_AMR_NB, AV_CODEC_ID_AMR_WB:
            true
        case AV_CODEC_ID_AAC: container == .aac
        default: false
        }
    }

    private func isPCM(_ codec: AVCodecID) -> Bool {
        (AV_CODEC_ID_PCM_S16LE.rawValue..<AV_CODEC_ID_ADPCM_IMA_QT.rawValue).contains(codec.rawValue)
    }

    private func update(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let earlier, size < earlier.size, size + Int64(bytes.count) >= earlier.size else {
            return add(bytes)
        }
        let first = Int(earlier.size - size)
        add(UnsafeBufferPointer(rebasing: bytes.prefix(first)))
        beginsWithEarlier = digestSoFar() == earlier.sha256
        add(UnsafeBufferPointer(rebasing: bytes.dropFirst(first)))
    }

    private func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !bytes.isEmpty else { return }
        av_sha_update(hash, bytes.baseAddress, bytes.count)
        size += Int64(bytes.count)
    }

    /// Of a copy, since the end of a hash changes it. libav's state is plain memory of ``av_sha_size`` bytes
    /// (libavutil/sha.c).
    private func digestSoFar() -> [UInt8] {
        guard let copy = av_sha_alloc() else { return [] }
        defer { av_free(UnsafeMutableRawPointer(copy)) }
        UnsafeMutableRawPointer(copy).copyMemory(
            from: UnsafeRawPointer(hash), byteCount: Int(av_sha_size))
        return digest(of: copy)
    }

    private func digest(of hash: OpaquePointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
            av_sha_final(hash, digest.baseAddress)
            count = 32
        }
    }
}
