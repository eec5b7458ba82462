/// Lifts a signal that is too quiet to be heard and lowers one that is louder than full scale, by what is loud in
/// the seconds around: one recording may have a near and a far voice. Whatever lies between stays as it is, to the
/// bit.
struct LevelControl {
    /// Samples of the sound in one measurement (32 ms), and in one step of the gain (1 s).
    private static let frame = 512
    private static let block = 16_000
    /// Blocks that are looked at before and after one.
    private static let around = 4
    /// Speech whose loud parts are below this RMS is lifted to it (-30 dBFS). Measured with Silero 6.2: jfk.wav and
    /// two_cities.wav give the same stretches of speech down to it; 10 dB lower half of them, 20 dB lower none.
    private static let target: Float = 0.0316
    /// 60 dB: 24 bits have 144 dB, and what is further down is noise of the converter.
    private static let highestGain: Float = 1000
    /// A power ratio (8 dB): what varies less in its loudness is noise or hum, and not lifted. White noise has 1 dB.
    private static let contrast: Float = 6.3

    private struct Block {
        /// Mean squares: the third loudest frame, so that a click or two do not count; and one of the quiet ones.
        var loud: Float
        var quiet: Float
        /// The highest sample of the frame with the third highest.
        var peak: Float
    }

    /// Whether anything was lifted or lowered.
    private(set) var hasChanged = false

    private let ceiling: Float
    /// Samples from the start of the block `firstHeld` on.
    private var held: [Float] = []
    private var firstHeld = 0
    /// Of the blocks from `firstMeasured` on.
    private var blocks: [Block] = []
    private var firstMeasured = 0
    /// Of the block before `firstHeld`.
    private var lastGain: Float?
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
    mutating func take(_ count: Int) -> [Float] {
        defer { finished.removeFirst(count) }
        return Array(finished.prefix(count))
    }

    // MARK: - Measuring

    /// Measures the blocks held, the first `count` of them.
    private mutating func measure(upTo count: Int) {
        var next = firstMeasured + blocks.count - firstHeld
        while next < count {
            let start = next * Self.block
            blocks.append(Self.measure(held[start..<min(start + Self.block, held.count)]))
            next += 1
        }
    }

    private static func measure(_ samples: ArraySlice<Float>) -> Block {
        var powers: [Float] = []
        var peaks: [Float] = []
        samples.withUnsafeBufferPointer { samples in
            for start in stride(from: 0, to: samples.count, by: frame) {
                let count = min(frame, samples.count - start)
                var (sum, square, peak) = (Float(0), Float(0), Float(0))
                for index in start..<start + count {
                    let sample = samples[index]
                    sum += sample
                    square += sample * sample
                    peak = max(peak, abs(sample))
                }
                let mean = sum / Float(count)
                // Without what is constant: some sound cards add it, and it is no sound.
                powers.append(max(0, square / Float(count) - mean * mean))
                peaks.append(peak)
            }
        }
        powers.sort(by: >)
        peaks.sort(by: >)
        return Block(
            loud: powers[min(2, powers.count / 4)], quiet: powers[powers.count * 4 / 5],
            peak: peaks[min(2, peaks.count / 4)])
    }

    // MARK: - Gain

    private mutating func finish(blocks count: Int) {
        guard count > 0 else { return }
        var before = lastGain ?? gain(of: firstHeld)
        for index in firstHeld..<firstHeld + count {
            let own = gain(of: index)
            let isLast = index + 1 == firstMeasured + blocks.count
            let after = isLast ? own : gain(of: index + 1)
            let samples = held.prefix(Self.block)
            append(samples, from: min(before, own), to: min(own, after))
            held.removeFirst(samples.count)
            before = own
        }
        lastGain = before
        firstHeld += count
        let needed = firstHeld - Self.around
        if needed > firstMeasured {
            blocks.removeFirst(needed - firstMeasured)
            firstMeasured = needed
        }
    }

    /// What a block is to be multiplied by, from it and those around it.
    private func gain(of index: Int) -> Float {
        let window = blocks[
            max(
                0, index - Self.around - firstMeasured)..<min(
                    blocks.count, index + Self.around + 1 - firstMeasured)]
        let loudest = window.map(\.loud).sorted(by: >)
        // The third loudest of nine seconds: a door that bangs is no reason to leave the voice quiet.
        let loud = loudest[min(2, loudest.count / 3)]
        let peak = window.map(\.peak).max() ?? 0
        if peak > 1 { return 1 / peak }
        let quiet = window.map(\.quiet).min() ?? 0
        guard loud > 0, loud < Self.target * Self.target, loud > quiet * Self.contrast else { return 1 }
        return min(ceiling, max(1, Self.target / loud.squareRoot()))
    }

    /// The gain goes from one to the other in a straight line.
    private mutating func append(_ samples: ArraySlice<Float>, from: Float, to: Float) {
        if from == 1 && to == 1 {
            finished += samples.lazy.map { min(1, max(-1, $0)) }
            return
        }
        hasChanged = true
        let step = (to - from) / Float(samples.count)
        var gain = from
        for sample in samples {
            finished.append(min(1, max(-1, sample * gain)))
            gain += step
        }
    }
}
