import Glibc

/// Compares the channels of a recording: the level of each over time, and where two of them carry the same
/// sound. They do where their levels in four bands rise and fall together, which neither distance, echo,
/// polarity nor a codec changes, and which two voices never do for long.
struct ChannelAnalysis {
    /// Hertz: half of it holds what tells voices apart.
    static let sampleRate = 8_000
    /// Samples of a frame, 32 ms: as long as one of ``VoiceDetector``.
    static let frame = 256
    /// Frames that are compared at once (2 s), and from one comparison to the next (0.5 s).
    static let block = 62
    static let hop = 16
    /// Frames by which an echo may come later (0.3 s).
    static let longestEcho = 10

    /// Two channels, by their numbers.
    struct Pair {
        var one: Int
        var other: Int
        /// Whether both carry only the same sound, in each block.
        fileprivate(set) var isSame: [Bool] = []
        /// Whether both carry the same sound, perhaps with other sound beside it: a voice amid music.
        fileprivate(set) var isShared: [Bool] = []
        /// The sum of the correlations of both waves in these blocks.
        fileprivate var waves = 0.0
        /// Blocks in which both waves are the same, and the same of opposite polarity.
        fileprivate var straight = 0
        fileprivate var turned = 0
        /// The leak of `one` into `other`, and the reverse.
        fileprivate(set) var intoOther = CrosstalkEstimate()
        fileprivate(set) var intoOne = CrosstalkEstimate()
        /// The delay at which the sound of `one` comes again in `other`, and the reverse.
        fileprivate(set) var echoInOther = EchoEstimate()
        fileprivate(set) var echoInOne = EchoEstimate()
        /// The product of both, in each frame that is kept.
        fileprivate var products: [Float] = []

        /// Whether the common sound has opposite polarity. Two microphones in a room have neither polarity:
        /// there the sum is as good as the difference.
        var isTurned: Bool { waves < -0.15 * Double(isShared.count { $0 }) }

        /// Whether the polarity of the common sound changes within the recording, because a cable was changed
        /// or recordings were joined. Neither the sum nor the difference holds everything then.
        var turnsOnTheWay: Bool { min(straight, turned) > 0 }

        /// Of what comes again in `channel`.
        func echo(in channel: Int) -> EchoEstimate { channel == other ? echoInOther : echoInOne }
    }

    struct Channel {
        /// Of each frame, in dB of full scale and 120: see ``level(_:)``.
        fileprivate(set) var levels: [UInt8] = []
        /// Of each frame that is kept: the bands' energies, compressed; and the energy of high tones.
        fileprivate var bands: [[Float]] = []
        fileprivate var energies: [Float] = []
        /// The last sample, and samples that are no whole frame yet.
        fileprivate var last: Float = 0
        fileprivate var rest: [Float] = []
    }

    private(set) var channels: [Channel]
    private(set) var pairs: [Pair]
    /// The first frame that is kept; those before the recording are silent.
    private var firstKept = -EchoEstimate.delays.upperBound
    /// The place of the next block.
    private var nextBlock = 0

    init(channels count: Int) {
        let before = -firstKept
        var channel = Channel()
        channel.bands = Array(repeating: BandEnergies.silence, count: before)
        channel.energies = Array(repeating: 0, count: before)
        channels = Array(repeating: channel, count: count)
        pairs = (0..<count).flatMap { one in
            (one + 1..<max(count, one + 1)).map { other in
                var pair = Pair(one: one, other: other)
                pair.products = channel.energies
                return pair
            }
        }
    }

    /// Frames so far.
    var count: Int { channels.first?.levels.count ?? 0 }

    /// Of two channels, whichever comes first.
    func pair(_ one: Int, _ other: Int) -> Pair {
        let (low, high) = (min(one, other), max(one, other))
        // Pairs are in order: those of the channels before `low` come first.
        return pairs[low * (2 * channels.count - low - 1) / 2 + high - low - 1]
    }

    /// Blocks compared.
    var blockCount: Int { nextBlock / Self.hop }

    func frames(of block: Int) -> Range<Int> {
        block * Self.hop..<min(block * Self.hop + Self.block, count)
    }

    /// Those that hold a frame.
    func blocks(around frame: Int) -> Range<Int> {
        let last = min(frame / Self.hop, blockCount - 1)
        let first = max(0, (frame - Self.block + Self.hop) / Self.hop)
        return min(first, max(0, last))..<last + 1
    }

    /// - Parameter signals: the next samples of each channel, of the same number.
    mutating func add(_ signals: [[Float]]) {
        for index in channels.indices { channels[index].rest += signals[index] }
        let ready = channels.first.map { $0.rest.count / Self.frame } ?? 0
        for number in 0..<ready { addFrame(at: number * Self.frame) }
        for index in channels.indices { channels[index].rest.removeFirst(ready * Self.frame) }
        while nextBlock + Self.block + Self.longestEcho <= count { compareNext() }
        forget()
    }

    /// The recording is over.
    mutating func finish() {
        while nextBlock + Self.block <= count { compareNext() }
        // Shorter than a block.
        if nextBlock == 0 && count > 1 { compareNext() }
    }

    // MARK: - Frames

    private mutating func addFrame(at start: Int) {
        let differences = channels.indices.map { index in
            let frame = channels[index].rest[start..<start + Self.frame]
            let energies = BandEnergies(frame)
            channels[index].levels.append(Self.level(energies.sum))
            channels[index].bands.append(energies.compressed)
            return difference(frame, in: index)
        }
        for index in channels.indices {
            channels[index].energies.append(Self.product(differences[index], differences[index]))
        }
        for index in pairs.indices {
            let (one, other) = (pairs[index].one, pairs[index].other)
            let product = Self.product(differences[one], differences[other])
            pairs[index].products.append(product)
            guard let first = channels[one].energies.last, let second = channels[other].energies.last else {
                continue
            }
            pairs[index].intoOther.add(source: first, channel: second, product: product)
            pairs[index].intoOne.add(source: second, channel: first, product: product)
        }
    }

    /// From sample to sample: high tones, which hum has none of.
    private mutating func difference(_ frame: ArraySlice<Float>, in channel: Int) -> [Float] {
        var last = channels[channel].last
        let difference = frame.map { sample in
            defer { last = sample }
            return sample - last
        }
        channels[channel].last = last
        return difference
    }

    private static func product(_ one: [Float], _ other: [Float]) -> Float {
        one.withUnsafeBufferPointer { one in
            other.withUnsafeBufferPointer { other in
                var sum: Float = 0
                for index in 0..<min(one.count, other.count) { sum += one[index] * other[index] }
                return sum
            }
        }
    }

    private mutating func forget() {
        let needed = nextBlock - EchoEstimate.delays.upperBound
        guard needed > firstKept else { return }
        for index in channels.indices {
            channels[index].bands.removeFirst(needed - firstKept)
            channels[index].energies.removeFirst(needed - firstKept)
        }
        for index in pairs.indices { pairs[index].products.removeFirst(needed - firstKept) }
        firstKept = needed
    }

    /// Of a power, 1 being full scale: 0 is -120 dB and less.
    static func level(_ power: Float) -> UInt8 {
        UInt8(min(255, max(0, 10 * log10f(max(power, 1e-12)) + 120)))
    }

    // MARK: - Blocks

    private mutating func compareNext() {
        let frames = nextBlock - firstKept..<min(nextBlock + Self.block, count) - firstKept
        for index in pairs.indices { compare(index, frames) }
        nextBlock += Self.hop
    }

    private mutating func compare(_ index: Int, _ frames: Range<Int>) {
        let pair = pairs[index]
        compareAtOnce(index, frames)
        // Two that are one sound anyway have no echo that matters.
        let isShared = pairs[index].isShared.last == true
        let inOther = isShared ? nil : match(of: pair.one, in: pair.other, frames)
        let inOne = isShared ? nil : match(of: pair.other, in: pair.one, frames)
        pairs[index].echoInOther.add(inOther, reverse: inOne)
        pairs[index].echoInOne.add(inOne, reverse: inOther)
    }

    /// The delay at which `channel` is most like what `source` was before; nil where it never is.
    private func match(of source: Int, in channel: Int, _ frames: Range<Int>) -> EchoEstimate.Match? {
        let (first, levels) = (nextBlock - EchoEstimate.delays.upperBound, channels[source].levels)
        guard hasSound(channel),
            levels[max(0, first)..<nextBlock + frames.count].contains(where: { $0 > Self.silence })
        else { return nil }
        let (own, bands) = (BandWindow(channels[channel].bands, frames), channels[source].bands)
        var best: (delay: Int, correlation: Float)?
        for delay in EchoEstimate.delays {
            let earlier = frames.lowerBound - delay..<frames.upperBound - delay
            let correlation = own.correlation(BandWindow(bands, earlier))
            if correlation >= max(Self.sameBands, best?.correlation ?? 0) { best = (delay, correlation) }
        }
        guard let best else { return nil }
        let start = nextBlock - best.delay
        let heard = levels[max(0, start)..<max(0, start + frames.count)]
        let loud = Int(heard.max() ?? 0)
        let weight = EchoEstimate.weight(
            sound: heard.count { Int($0) > loud - Self.pause }, correlation: best.correlation)
        return EchoEstimate.Match(delay: best.delay, correlation: best.correlation, weight: weight)
    }

    /// dB below the loudest of a block: what is less is a pause.
    private static let pause = 25

    private mutating func compareAtOnce(_ index: Int, _ frames: Range<Int>) {
        let pair = pairs[index]
        guard hasSound(pair.one), hasSound(pair.other) else {
            pairs[index].isSame.append(false)
            pairs[index].isShared.append(false)
            return
        }
        let wave = common(pair, frames)
        let isSame =
            abs(wave) >= Self.sameWave
            || isAlike(channels[pair.one].bands, channels[pair.other].bands, frames)
        let isShared = isSame || abs(wave) >= Self.sharedWave
        pairs[index].isSame.append(isSame)
        pairs[index].isShared.append(isShared)
        if isShared { pairs[index].waves += Double(wave) }
        if wave >= Self.sameWave { pairs[index].straight += 1 }
        if wave <= -Self.sameWave { pairs[index].turned += 1 }
    }

    /// Correlations from which two are the same. Measured on pairs of the tests' recordings, 40 s each, in
    /// blocks: bands: one voice in two places of a room with 0.4 and 0.8 s of reverberation 0.81 to 0.98,
    /// with noise as loud as itself on one side 0.88 to 0.95, two voices -0.2 to 0.66. Waves: two voices at
    /// most 0.02, a voice in the middle of other music on each side, as loud, 0.16 to 0.5.
    private static let sameBands: Float = 0.75
    private static let sameWave: Float = 0.7
    private static let sharedWave: Float = 0.3

    /// The correlation of both channels' high frequencies, between -1 and 1, by the part that rises above the
    /// usual level: constant hum does not count.
    private func common(_ pair: Pair, _ frames: Range<Int>) -> Float {
        let (one, other) = (channels[pair.one].energies, channels[pair.other].energies)
        let order = frames.sorted {
            Double(one[$0]) * Double(other[$0]) > Double(one[$1]) * Double(other[$1])
        }
        let half = order.count / 2
        func excess(_ values: [Float]) -> (excess: Float, sum: Float) {
            let loud = order.prefix(half).reduce(0) { $0 + values[$1] }
            let quiet = order.suffix(half).reduce(0) { $0 + values[$1] }
            return (loud - quiet, loud + quiet)
        }
        func energy(_ values: [Float]) -> Float {
            let (excess, sum) = excess(values)
            return max(excess, sum / 10)
        }
        let scale = energy(one).squareRoot() * energy(other).squareRoot()
        return scale > 0 ? min(1, max(-1, excess(pair.products).excess / scale)) : 0
    }

    /// Whether any frame of the block that comes next is more than silence.
    private func hasSound(_ channel: Int) -> Bool {
        channels[channel].levels[nextBlock...].prefix(Self.block).contains { $0 > Self.silence }
    }

    /// -95 dB: what dither leaves of digital silence.
    static let silence: UInt8 = 25

    /// Whether the loudness in each band, weighted by what each has to say, correlates at any delay.
    private func isAlike(_ one: [[Float]], _ other: [[Float]], _ frames: Range<Int>) -> Bool {
        let own = BandWindow(one, frames)
        let delays = (-Self.longestEcho...Self.longestEcho).sorted { abs($0) < abs($1) }
        return delays.contains { delay in
            let moved = frames.lowerBound + delay..<frames.upperBound + delay
            guard moved.lowerBound + firstKept >= 0, moved.upperBound <= other.count else { return false }
            return own.correlation(BandWindow(other, moved)) >= Self.sameBands
        }
    }
}
