/// Amplifies a signal that is too quiet and attenuates one that exceeds full scale. The gain follows the loud
/// parts of the surrounding seconds; a much quieter stretch has its own gain, from its first sample to its
/// last, since a near and a far voice may alternate. A constant offset that is larger than the sound is
/// removed. A signal that needs none of this is unchanged to the bit.
struct GainControl {
    /// Samples of the sound in one measurement (32 ms), and in one step of the gain (0.26 s).
    private static let frame = 512
    private static let block = 8 * frame
    /// Blocks of the shortest stretch that has a gain of its own (2.6 s): pauses in speech are shorter.
    private static let stretch = 10
    /// Blocks before and after one (4.1 s) whose loudness is the usual one, and in which nothing may be above
    /// full scale.
    private static let around = 16
    /// By how much less loud (10 dB) a stretch is another voice's, or the same from afar: what varies less is
    /// how people speak.
    private static let otherVoice: Float = 3.16
    /// The RMS (-30 dBFS) to which quieter speech is amplified. Measured with Silero 6.2: jfk.wav and
    /// two_cities.wav give the same stretches of speech down to it; 10 dB lower half of them, 20 dB lower
    /// none.
    private static let target: Float = 0.0316
    /// 60 dB: 24 bits have 144 dB, and what is further down is noise of the converter.
    private static let highestGain: Float = 1000
    /// A power ratio (8 dB): what varies less in its loudness is noise or hum, and not lifted. White noise
    /// has 1 dB.
    private static let contrast: Float = 6.3

    /// A constant offset above this (-34 dB of full scale) is no sound, if it is more than the sound.
    private static let offset: Float = 0.02

    private struct Block {
        /// Mean squares: the third loudest frame, so that a click or two do not count; and one of the quiet
        /// ones.
        var loud: Float
        var quiet: Float
        /// The highest sample of the frame with the third highest, without the offset.
        var peak: Float
        /// The offset that is subtracted from each sample.
        var offset: Float
    }

    /// Of a sample: its offset, which is taken away, and what the rest is multiplied by.
    private struct Correction: Equatable {
        var gain: Float
        var offset: Float
    }

    /// Whether any sample was changed.
    private(set) var hasChanged = false

    private let ceiling: Float
    /// Samples from the start of the block `firstHeld` on.
    private var held: [Float] = []
    private var firstHeld = 0
    /// Of the blocks from `firstMeasured` on.
    private var blocks: [Block] = []
    private var firstMeasured = 0
    /// Of the block before `firstHeld`.
    private var last: Correction?
    private var finished: [Float] = []

    /// - Parameter ceiling: the highest gain wished for.
    init(ceiling: Float = .infinity) {
        self.ceiling = min(ceiling, Self.highestGain)
    }

    /// Samples that can be taken.
    var ready: Int { finished.count }

    mutating func add(_ samples: [Float]) {
        held += samples
        measure(upTo: held.count / Self.block)
        // A block is finished when the gain of the next is known.
        finish(blocks: firstMeasured + blocks.count - Self.around - 1 - firstHeld)
    }

    /// The recording is over: all that was added can be taken.
    mutating func finish() {
        let count = (held.count + Self.block - 1) / Self.block
        measure(upTo: count)
        finish(blocks: count)
    }

    /// At most ``ready``.
    mutating func removeFirst(_ count: Int) -> [Float] {
        defer { finished.removeFirst(count) }
        return Array(finished.prefix(count))
    }

    // MARK: - Measuring

    /// Measures the blocks held, the first `count` of them.
    private mutating func measure(upTo count: Int) {
        var next = firstMeasured + blocks.count - firstHeld
        while next < count {
            let start = next * Self.block
            blocks.append(
                Self.measure(
                    held[start..<min(start + Self.block, held.count)], after: blocks.last?.offset ?? 0))
            next += 1
        }
    }

    /// - Parameter before: the offset of the block before, which holds for a block that is too short to tell.
    private static func measure(_ samples: ArraySlice<Float>, after before: Float) -> Block {
        var powers: [Float] = []
        var extremes: [(low: Float, high: Float)] = []
        var total: Float = 0
        samples.withUnsafeBufferPointer { samples in
            for start in stride(from: 0, to: samples.count, by: frame) {
                let count = min(frame, samples.count - start)
                var (sum, square, low, high) = (Float(0), Float(0), Float.infinity, -Float.infinity)
                for index in start..<start + count {
                    let sample = samples[index]
                    sum += sample
                    square += sample * sample
                    low = min(low, sample)
                    high = max(high, sample)
                }
                let mean = sum / Float(count)
                // Without what is constant: some sound cards add it, and it is no sound.
                powers.append(max(0, square / Float(count) - mean * mean))
                extremes.append((low, high))
                total += sum
            }
        }
        powers.sort(by: >)
        let loud = powers[min(2, powers.count / 4)]
        let mean = total / Float(samples.count)
        let isOffset = abs(mean) > offset && mean * mean > loud
        let constant = 2 * samples.count < block ? before : isOffset ? mean : 0
        let peaks = extremes.map { max($0.high - constant, constant - $0.low) }.sorted(by: >)
        return Block(
            loud: loud, quiet: powers[powers.count * 4 / 5], peak: peaks[min(2, peaks.count / 4)],
            offset: constant)
    }

    // MARK: - Gain

    private mutating func finish(blocks count: Int) {
        guard count > 0 else { return }
        var before = last ?? correction(of: firstHeld)
        for index in firstHeld..<firstHeld + count {
            let own = correction(of: index)
            let isLast = index + 1 == firstMeasured + blocks.count
            let after = isLast ? own : correction(of: index + 1)
            let samples = held.prefix(Self.block)
            append(samples, from: Self.border(before, own), to: Self.border(own, after))
            held.removeFirst(samples.count)
            before = own
        }
        last = before
        firstHeld += count
        let needed = firstHeld - Self.around
        if needed > firstMeasured {
            blocks.removeFirst(needed - firstMeasured)
            firstMeasured = needed
        }
    }

    private static func border(_ one: Correction, _ other: Correction) -> Correction {
        Correction(gain: min(one.gain, other.gain), offset: (one.offset + other.offset) / 2)
    }

    private func correction(of index: Int) -> Correction {
        Correction(gain: gain(of: index), offset: blocks[index - firstMeasured].offset)
    }

    /// The gain of a block, from it and those around it.
    private func gain(of index: Int) -> Float {
        let own = index - firstMeasured
        let near = blocks[max(0, own - Self.around)..<min(blocks.count, own + Self.around + 1)]
        let peak = near.reduce(0) { max($0, $1.peak) }
        let scale = peak > 1 ? 1 / peak : 1
        let usual = lift(near.map(\.loud).sorted(by: >), rank: 6, quiet: near.map(\.quiet).min() ?? 0, scale)
        // Of the stretches that the block may belong to, the quietest. At both ends of the recording they do
        // not get shorter: the first word alone tells nothing.
        let last = max(0, min(own, blocks.count - Self.stretch))
        let highest = (max(0, own - Self.stretch + 1)...last).reduce(usual) { highest, start in
            max(highest, lift(of: blocks[start...].prefix(Self.stretch), scale))
        }
        guard highest > usual * Self.otherVoice else { return scale * usual }
        // Loud sound beside a quiet stretch stays as it is.
        let loud = blocks[own].loud.squareRoot() * scale
        return scale * max(usual, loud > 0 ? min(highest, Self.target / loud) : highest)
    }

    /// The gain of a stretch, after `scale`.
    private func lift(of stretch: ArraySlice<Block>, _ scale: Float) -> Float {
        lift(
            stretch.map(\.loud).sorted(by: >), rank: 1, quiet: stretch.map(\.quiet).min() ?? 0, scale)
    }

    /// - Parameters:
    ///   - loudest: of some blocks, the loudest first.
    ///   - rank: how many of them do not count, where there are enough: a door that bangs is no reason to
    ///     leave the voice quiet.
    private func lift(_ loudest: [Float], rank: Int, quiet: Float, _ scale: Float) -> Float {
        let loud = loudest[min(rank, loudest.count / 4)] * scale * scale
        guard loud > 0, loud < Self.target * Self.target, loud > quiet * scale * scale * Self.contrast else {
            return 1
        }
        return min(ceiling, max(1, Self.target / loud.squareRoot()))
    }

    /// The correction goes from one to the other in a straight line.
    private mutating func append(_ samples: ArraySlice<Float>, from: Correction, to: Correction) {
        let none = Correction(gain: 1, offset: 0)
        if from == none && to == none {
            finished += samples.lazy.map { min(1, max(-1, $0)) }
            return
        }
        hasChanged = true
        let steps = Float(samples.count)
        let step = Correction(gain: (to.gain - from.gain) / steps, offset: (to.offset - from.offset) / steps)
        var own = from
        for sample in samples {
            finished.append(min(1, max(-1, (sample - own.offset) * own.gain)))
            own.gain += step.gain
            own.offset += step.offset
        }
    }
}
