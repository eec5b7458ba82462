import CAV
import Glibc

/// Zeros that a wave ends with, and that its sound does not lead to: as they stay where a server or a
/// downloader filled the whole file with zeros first and the rest never came, and as a microphone that is
/// switched off makes them. ``ZeroPages`` are certain; this is a doubt.
///
/// An editor's fade-out comes down to zero before its silence, and a cut at any place is heard as little as
/// that: the last samples are far below those around them. Silence of some seconds behind a recording is
/// usual, so that only a large part of it counts.
struct BlankEnd {
    /// Seconds. Fewer are no sign of anything.
    private static let least = 3.0
    /// The part of the sound that is zeros: a quarter.
    private static let leastShare: Int64 = 4
    /// Seconds before the zeros: those that show how loud it is, and the last ones.
    private static let (around, last) = (0.02, 0.000_2)
    /// The RMS of what is no silence: four steps of 16 bits, above dither.
    private static let faintest: Float = 4 / 32_768
    /// The part of the RMS around that the last samples of a fade-out do not reach. A linear one of 5 ms ends
    /// at 0.044; speech of 200 Hz that is cut where it crosses zero at 0.08.
    private static let faded: Float = 0.05
    /// The last samples of a fade-out, rounded.
    private static let rounded: Float = 3.5 / 32_768

    /// Bytes of a sample, and of one of each channel.
    private let width: Int
    private let frame: Int
    private let rate: Double
    private let isFloat: Bool
    /// Whether zeros are silence in this coding.
    private let hasSilence: Bool

    /// Nil where nothing is known of the coding's zeros.
    init?(_ stream: UnsafePointer<AVStream>, codec: String) {
        let parameters = stream.pointee.codecpar.pointee
        let linear = ["pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"]
        // ADPCM's silence may be zeros too, and its sound ends anyhow.
        guard !codec.hasPrefix("adpcm_") else { return nil }
        hasSilence = linear.contains(codec)
        isFloat = codec == "pcm_f32le"
        width = max(1, Int(parameters.bits_per_coded_sample) / 8)
        frame = width * max(1, Int(parameters.ch_layout.nb_channels))
        rate = Double(max(1, parameters.sample_rate))
    }

    /// - Parameters:
    ///   - runs: zeros, whose ends are off by less than a page.
    ///   - sound: the bytes that the header says are samples.
    ///   - length: of the sound, in seconds.
    /// - Returns: seconds.
    /// - Throws: what the source throws.
    func find(
        in runs: [Range<Int64>], of source: any ByteSource, sound: Range<Int64>, length: Double
    ) throws -> Double? {
        let last = runs.last { $0.lowerBound < sound.upperBound }
        guard let run = last, run.upperBound > sound.upperBound - ZeroRuns.least,
            try BlockReader.endOfZeros(from: run.lowerBound, in: source) >= sound.upperBound
        else { return nil }
        let start = max(sound.lowerBound, run.lowerBound - ZeroRuns.least)
        let before = try source.head(at: start, count: Int(max(0, run.lowerBound - start)))
        guard let place = before.lastIndex(where: { $0 != 0 }) else { return nil }
        let zeros = start + Int64(place) + 1..<sound.upperBound
        let seconds = length * Double(zeros.count) / Double(max(1, sound.count))
        guard seconds >= Self.least, Int64(zeros.count) * Self.leastShare >= Int64(sound.count),
            try !hasSilence || isCut(source, at: zeros.lowerBound, from: sound.lowerBound)
        else { return nil }
        return seconds
    }

    /// Whether sound ends at `end` at once.
    private func isCut(_ source: any ByteSource, at end: Int64, from start: Int64) throws -> Bool {
        let whole = (end - start) / Int64(frame) * Int64(frame)
        let count = min(whole, Int64((Self.around * rate).rounded(.up)) * Int64(frame))
        guard count > 0, let bytes = try source.bytes(at: start + whole - count, count: Int(count)) else {
            return false
        }
        let samples = stride(from: 0, to: bytes.count - width + 1, by: width).map { abs(sample(bytes, $0)) }
        let rms = (samples.reduce(0) { $0 + $1 * $1 } / Float(samples.count)).squareRoot()
        let ending = max(4, Int((Self.last * rate).rounded(.up))) * (frame / width)
        let peak = samples.suffix(ending).max() ?? 0
        return rms >= Self.faintest && peak > max(Self.rounded, Self.faded * rms)
    }

    /// Full scale is 1; of integers the upper 16 bits.
    private func sample(_ bytes: [UInt8], _ offset: Int) -> Float {
        if isFloat {
            let value = Float(bitPattern: UInt32(bytes.littleEndian(at: offset, count: 4)))
            return value.isFinite ? value : 0
        }
        let upper = bytes.littleEndian(at: offset + width - 2, count: 2)
        return Float(Int16(truncatingIfNeeded: upper)) / 32_768
    }
}
