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

/// Pages of zeros amid the samples of a WAVE file, which remain where a server or downloader allocated the
/// whole file first and the rest never came.
///
/// Digital silence is zeros too, but begins and ends between any two samples. By chance about one of 1,400
/// silences at the end of a file begins at a page boundary, and of those within it one of two million does at
/// both ends.
enum ZeroPages {
    /// Bytes: what file systems and the kernel's cache give at once.
    private static let page: Int64 = 4096
    /// Bytes. Fewer are no sign of anything.
    private static let least: Int64 = 1 << 16
    /// Bytes of zeros that samples may end with before a page, or begin with behind one: of 24 bits, least
    /// first.
    private static let (samplesEnd, samplesBegin): (Int64, Int64) = (2, 1)
    /// Bytes beside the pages that are looked at, and how many of them are not 0 where they are of sound.
    private static let (margin, soundBytes) = (256, 64)

    /// - Parameters:
    ///   - runs: zeros, whose ends are off by less than a page.
    ///   - end: of the recording.
    /// - Throws: what the source throws.
    static func find(
        in runs: [Range<Int64>], of source: any ByteSource, upTo end: Int64
    ) throws -> [Range<Int64>] {
        try runs.filter { $0.count >= least - 2 * page }.compactMap { run in
            guard let first = try firstPage(of: run, source), let last = try lastPage(of: run, source, end),
                last - first >= least, try isSound(source, first - Int64(margin)),
                try last == end || isSound(source, last)
            else { return nil }
            return first..<last
        }
    }

    /// The beginning of the zeros, if a page begins there.
    private static func firstPage(of run: Range<Int64>, _ source: any ByteSource) throws -> Int64? {
        let start = max(0, run.lowerBound - page)
        let before = try source.head(at: start, count: Int(run.lowerBound - start))
        guard let last = before.lastIndex(where: { $0 != 0 }) else { return nil }
        let zeros = start + Int64(last) + 1
        let first = (zeros + page - 1) / page * page
        return first - zeros <= samplesEnd ? first : nil
    }

    /// The end of the zeros, if a page or the recording ends there.
    private static func lastPage(
        of run: Range<Int64>, _ source: any ByteSource, _ end: Int64
    ) throws -> Int64? {
        let behind = try source.head(at: run.upperBound, count: Int(max(0, min(page, end - run.upperBound))))
        guard let first = behind.firstIndex(where: { $0 != 0 }) else {
            return run.upperBound + Int64(behind.count) >= end ? end : nil
        }
        let zeros = run.upperBound + Int64(first)
        let last = zeros / page * page
        return zeros - last <= samplesBegin ? last : nil
    }

    private static func isSound(_ source: any ByteSource, _ offset: Int64) throws -> Bool {
        guard let bytes = try source.bytes(at: offset, count: margin) else { return false }
        return bytes.count { $0 != 0 } >= soundBytes
    }
}

/// Finds runs of zeros in a file that is read from its beginning to its end. Coded sound has none, so that
/// they were never written, as where a downloader or a file server allocated the whole file first.
struct ZeroRuns {
    /// Found so far, in whole blocks, each at least ``least`` long.
    private(set) var runs: [Range<Int64>] = []
    private var current: Range<Int64>?

    /// Bytes looked at together.
    private static let block = 1024
    /// Bytes. File systems give space by pages of 4 KiB; frames of MPEG audio are at most 2,881 bytes
    /// (ISO/IEC 11172-3, layer II at 32 kHz), silent ones of other codecs small.
    static let least: Int64 = 4096
    private static let most = 10_000

    /// The next bytes of the file, which begin at `offset`.
    mutating func add(_ bytes: UnsafeRawBufferPointer, at offset: Int64) {
        var start = 0
        while start < bytes.count {
            let count = min(Self.block, bytes.count - start)
            let place = offset + Int64(start)
            if Self.isZero(UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])) {
                current = (current?.lowerBound ?? place)..<place + Int64(count)
            } else {
                close()
            }
            start += count
        }
    }

    /// Ends the one that goes on.
    mutating func close() {
        guard let run = current else { return }
        current = nil
        if run.count >= Self.least, runs.count < Self.most { runs.append(run) }
    }

    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        // Each byte is like the next, and the first is 0.
        guard let start = bytes.baseAddress, bytes[0] == 0 else { return false }
        return memcmp(start, start + 1, bytes.count - 1) == 0
    }
}
