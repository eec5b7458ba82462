import CAV
import KotibModel
import KotibPOSIX

/// One recording as a stream of samples: decoded packet by packet, resampled, never held as a whole.
final class Decoder: SampleSource {
    private let demuxer: Demuxer
    private let codec: AudioCodec
    private let packet: Packet
    private var resampler = Resampler()
    /// Decoded and not yet asked for.
    private var pending: [Float] = []
    private var hasEnded = false
    /// Samples that may still be given.
    private var allowance: Int
    private var hasDecoded = false

    /// Seconds, for progress; 0 where nothing tells.
    private(set) var expectedDuration: Double = 0

    /// Decodes the beginning, so that a file that cannot be decoded is known at once.
    /// - Parameter longestDuration: seconds after which the stream ends.
    /// - Throws: ``Rejection`` for the file's fault, ``SystemError`` where it cannot be read.
    init(_ source: any ByteSource, container: Container, longestDuration: Double) throws {
        demuxer = try Demuxer(source, container: container, budget: nil)
        codec = try AudioCodec(demuxer.stream.pointee.codecpar, of: container, strict: false)
        packet = try Packet()
        let longest = longestDuration * Double(Self.sampleRate)
        allowance = longest > 0 ? Int(exactly: longest.rounded(.down)) ?? .max : 0
        try decodeMore()
        expectedDuration = min(demuxer.expectedDuration(bitRate: codec.bitRate), longestDuration)
    }

    func read(_ count: Int) throws -> [Float] {
        let count = min(count, allowance)
        while pending.count < count && !hasEnded { try decodeMore() }
        let samples = Array(pending.prefix(count))
        pending.removeFirst(samples.count)
        allowance -= samples.count
        return samples
    }

    /// Decodes until there is at least one sample more, or the end. Frames that cannot be decoded are left out.
    private func decodeMore() throws {
        let before = pending.count
        while pending.count == before {
            guard try demuxer.next(packet) else { return try finish() }
            let isWhole = try codec.decode(packet, take)
            if !isWhole, pending.count == before, hasDecoded, codec.hasFramesOfSilence {
                pending += Array(repeating: 0, count: Self.sampleRate / 50)
            }
        }
    }

    private func finish() throws {
        hasEnded = true
        _ = try codec.decode(nil, take)
        try resampler.drain(into: &pending)
        if !hasDecoded { throw RejectionDetail.undecodable }
    }

    private func take(_ frame: UnsafeMutablePointer<AVFrame>) throws {
        hasDecoded = true
        try resampler.convert(frame, into: &pending)
    }
}
