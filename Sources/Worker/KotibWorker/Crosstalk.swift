import Glibc

/// Estimates the crosstalk of one channel in another at the same moment from the frames in which the other
/// holds nothing else: there both are the same wave, and the ratio is that of the leak. Two people who talk
/// at once draw breath at different times, so such frames are found even where neither ever waits for the
/// other.
struct CrosstalkEstimate {
    /// dB: what is louder may be one sound between two microphones; what is less does not matter.
    private static let range = -36..<(-8)
    /// A squared correlation of both waves (0.95): in two people's voices at once it is less.
    private static let coherent: Float = 0.9
    /// Frames (0.5 s) that a leak must be seen in.
    private static let fewest = 16
    /// Parts of the energy, where the leaking channel is the louder: of all of it, since hum is coherent too
    /// but carries little of it, and of what is coherent.
    private static let leastOfAll = 0.03
    private static let leastOfCoherent = 0.5

    private struct Bin {
        var count = 0
        var energy = 0.0
        var product = 0.0
    }

    /// A dB each, for both polarities.
    private var bins = Array(repeating: Bin(), count: 2 * range.count)
    private var energy = 0.0
    private var coherentEnergy = 0.0

    /// - Parameters:
    ///   - source: the energy of a frame of the channel whose sound leaks.
    ///   - channel: that of the channel that it leaks into.
    ///   - product: the sum of the products of both.
    mutating func add(source: Float, channel: Float, product: Float) {
        guard source > channel else { return }
        energy += Double(source)
        guard product * product > Self.coherent * source * channel else { return }
        coherentEnergy += Double(source)
        let decibels = Int((20 * log10f(abs(product) / source)).rounded(.down))
        guard Self.range.contains(decibels) else { return }
        let index = decibels - Self.range.lowerBound + (product < 0 ? Self.range.count : 0)
        bins[index].count += 1
        bins[index].energy += Double(source)
        bins[index].product += Double(product)
    }

    /// The gain of the leak. Nil if no leak is certain.
    var gain: Float? {
        let halves = [0..<Self.range.count, Self.range.count..<bins.count]
        // Three neighbours each: a leak's ratio lies at a border as often as not.
        let clusters = halves.flatMap { half in
            half.map { middle in
                bins[max(half.lowerBound, middle - 1)..<min(half.upperBound, middle + 2)]
                    .reduce(into: Bin()) { sum, bin in
                        sum.count += bin.count
                        sum.energy += bin.energy
                        sum.product += bin.product
                    }
            }
        }
        guard let best = clusters.max(by: { $0.energy < $1.energy }), best.count >= Self.fewest,
            best.energy >= Self.leastOfAll * energy, best.energy >= Self.leastOfCoherent * coherentEnergy
        else { return nil }
        return Float(best.product / best.energy)
    }
}

/// Removes the crosstalk of other channels from each channel.
struct CrosstalkCancellation: Hashable, Sendable {
    /// For each resulting channel: the source channels and their factors.
    let rows: [[Int: Float]]

    /// Each channel as it is.
    init(channels count: Int) {
        rows = (0..<count).map { [$0: 1] }
    }

    /// Nil where no channel leaks into another for certain.
    /// - Parameter survey: of the channels as they are, finished.
    init?(_ survey: ChannelAnalysis) {
        var rows = CrosstalkCancellation(channels: survey.channels.count).rows
        for pair in survey.pairs {
            if let gain = pair.intoOther.gain { rows[pair.other][pair.one] = -gain }
            if let gain = pair.intoOne.gain { rows[pair.one][pair.other] = -gain }
        }
        self.init(rows: rows)
    }

    private init?(rows: [[Int: Float]]) {
        guard rows.contains(where: { $0.count > 1 }) else { return nil }
        self.rows = rows
    }

    /// The part of a channel's loudness that must remain: of a copy, what a codec made of it remains, 0.01 to
    /// 0.12; of a voice 11 dB below what leaks into its channel 0.28.
    private static let leastOfItsOwn: Float = 0.2

    /// Without the resulting channels that hold nothing of their own: they are copies, and there is no
    /// crosstalk. Nil if there is no other.
    /// - Parameters:
    ///   - survey: of the original channels.
    ///   - freed: of the resulting channels.
    func withoutCopies(_ survey: ChannelAnalysis, freed: ChannelAnalysis) -> CrosstalkCancellation? {
        CrosstalkCancellation(
            rows: rows.indices.map { index in
                let (before, after) = (survey.channels[index].levels, freed.channels[index].levels)
                let whole = before.reduce(0) { $0 + Self.amplitude($1) }
                let rest = zip(before, after).reduce(0) { $0 + Self.amplitude(min($1.0, $1.1)) }
                return rest < Self.leastOfItsOwn * whole ? [index: 1] : rows[index]
            })
    }

    /// Of one of the survey's levels.
    private static func amplitude(_ level: UInt8) -> Float { level > 0 ? powf(10, Float(level) / 20 - 6) : 0 }

    /// Of freed channels with these weights: the weights of the channels as they are.
    func channels(of weights: [Int: Float]) -> [Int: Float] {
        weights.reduce(into: [:]) { sum, part in
            for (channel, gain) in rows[part.key] { sum[channel, default: 0] += part.value * gain }
        }
    }
}
