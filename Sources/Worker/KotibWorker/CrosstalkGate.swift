/// Finds crosstalk: stretches in which a signal carries another signal's louder sound, such as one party of a
/// call in the other's receiver, or an announcement on both. They are muted, so that no words come twice.
struct CrosstalkGate {
    private let blocks: BlockLevels
    private var survey: ChannelAnalysis { blocks.survey }

    /// Frames: shorter sounds are no speech (0.25 s, as ``VoiceGate/Rules/shortestSpeech``), and shorter gaps
    /// (0.5 s) belong to a word.
    private static let shortestSound = 8
    private static let shortestGap = 16
    /// dB: below that, what leaks is known by its level alone.
    private static let leak = 10
    /// dB by which a leak may be louder than it usually is: where the other is heard to leak, where nothing
    /// but its loudness tells, and the same of an echo whose delay is known.
    private static let tolerance = (same: 8, unknown: 0, echo: 4)

    init(_ blocks: BlockLevels) {
        self.blocks = blocks
    }

    /// Frames in which `channel` is silent for one of `others`.
    func muted(_ channel: Int, by others: [Int]) -> [Range<Int>] {
        var isMuted = [Bool](repeating: false, count: survey.count)
        for other in others {
            mute(&isMuted, channel, by: other)
            for echo in Echo.both(channel, other, blocks) { mute(&isMuted, channel, by: other, echo) }
        }
        // First the gaps: where both speak, there are many within a word.
        Self.fill(&isMuted, shorterThan: Self.shortestGap, with: false)
        Self.fill(&isMuted, shorterThan: Self.shortestSound, with: true)
        return Self.ranges(of: true, in: isMuted)
    }

    private func mute(_ isMuted: inout [Bool], _ channel: Int, by other: Int) {
        let pair = survey.pair(channel, other)
        let distance = distance(channel, below: other, pair)
        let cells = stride(from: 0, to: survey.count, by: ChannelAnalysis.hop).map {
            likeness(channel, other, pair, $0, hasLeak: distance != nil)
        }
        for frame in frames(of: cells) { isMuted[frame] = true }
        guard let distance else { return }
        let (own, loud) = (survey.channels[channel].levels, survey.channels[other].levels)
        for frame in own.indices where own[frame] > 0 {
            let near = loud[max(0, frame - ChannelAnalysis.longestEcho)...min(frame + 2, loud.count - 1)]
            let heard = Int(near.max() ?? 0)
            // While both speak, most blocks are not the same, and sound quieter than usual may be a word.
            let around = survey.blocks(around: frame)
            let isKnown = 2 * around.count { pair.isSame[$0] } >= around.count
            let tolerance = isKnown ? Self.tolerance.same : Self.tolerance.unknown
            if Int(own[frame]) <= heard - distance + tolerance { isMuted[frame] = true }
        }
    }

    /// Those of the cells that are alike. While both speak, a block or two may be so by chance: somewhere in
    /// the run nearly all must be.
    /// - Parameter cells: of each ``ChannelAnalysis/hop``, the part of the blocks around it.
    private func frames(of cells: [Double]) -> [Int] {
        Self.ranges(of: true, in: cells.map { $0 >= 0.5 })
            .filter { cells[$0].contains { $0 > 0.75 } }
            .flatMap {
                $0.lowerBound * ChannelAnalysis.hop..<min($0.upperBound * ChannelAnalysis.hop, survey.count)
            }
    }

    /// Of sound that comes much later in one of both: as above, but the other is looked at as much earlier or
    /// later.
    private func mute(_ isMuted: inout [Bool], _ channel: Int, by other: Int, _ echo: Echo) {
        func likeness(_ frame: Int) -> Double {
            let around = survey.blocks(around: max(0, min(frame, survey.count - 1)))
            return Double(around.count { echo.isFound[$0] }) / Double(max(1, around.count))
        }
        guard echo.distance >= Self.leak else {
            let cells = stride(from: 0, to: survey.count, by: ChannelAnalysis.hop).map(likeness)
            for frame in frames(of: cells) where isMuted.indices.contains(frame + echo.shift) {
                isMuted[frame + echo.shift] = true
            }
            return
        }
        let (own, loud) = (survey.channels[channel].levels, survey.channels[other].levels)
        for frame in own.indices {
            // The channel that comes later has the shift 0.
            let source = echo.shift == 0 ? frame - echo.delay : frame + echo.delay
            let near = loud[max(0, min(source - 6, loud.count))..<max(0, min(source + 3, loud.count))]
            let tolerance = likeness(frame - echo.shift) >= 0.5 ? Self.tolerance.same : Self.tolerance.echo
            let isEcho = near.contains {
                $0 > ChannelAnalysis.silence && own[frame] <= Int($0) - echo.distance + tolerance
            }
            // Silence between two words that come back is none of the other's.
            if isEcho || own[frame] <= ChannelAnalysis.silence { isMuted[frame] = true }
        }
    }

    /// The part of the blocks around a frame in which both carry the same, `channel` with less of it; of two
    /// as loud, the later one. A known leak is told frame by frame, since the next word may be the other's.
    private func likeness(
        _ channel: Int, _ other: Int, _ pair: ChannelAnalysis.Pair, _ frame: Int, hasLeak: Bool
    ) -> Double {
        let around = survey.blocks(around: frame)
        let same = around.filter { pair.isSame[$0] }
        guard !same.isEmpty else { return 0 }
        let distance = same.reduce(0) { $0 + blocks.levels[other][$1] - blocks.levels[channel][$1] }
        let tie = 2 * same.count
        if hasLeak && distance >= Self.leak * same.count { return 0 }
        let isQuieter = distance > tie || (distance >= -tie && other < channel)
        return isQuieter ? Double(same.count) / Double(around.count) : 0
    }

    /// By how many dB `channel` has less of what comes from `other`; nil where that is little, or nothing
    /// comes.
    private func distance(_ channel: Int, below other: Int, _ pair: ChannelAnalysis.Pair) -> Int? {
        let distances = (0..<survey.blockCount).filter { pair.isSame[$0] }
            .map { blocks.levels[other][$0] - blocks.levels[channel][$0] }
            .filter { $0 >= Self.leak }
        guard distances.count >= 2 else { return nil }
        return distances.sorted()[distances.count / 2]
    }

    /// Turns runs of the other value that are shorter than `count` frames.
    private static func fill(_ values: inout [Bool], shorterThan count: Int, with value: Bool) {
        for run in ranges(of: !value, in: values) where run.count < count {
            for frame in run { values[frame] = value }
        }
    }

    private static func ranges(of value: Bool, in values: [Bool]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        for (index, other) in values.enumerated() {
            if other == value {
                start = start ?? index
            } else if let begun = start {
                ranges.append(begun..<index)
                start = nil
            }
        }
        if let start { ranges.append(start..<values.count) }
        return ranges
    }
}

/// One of two channels as the echo of the other.
private struct Echo {
    /// Frames from the one to the other.
    let delay: Int
    /// Of each block of the later one.
    let isFound: [Bool]
    /// dB by which the channel that may be silent has less of it.
    let distance: Int
    /// Frames from the later one's to those of the channel that may be silent.
    let shift: Int

    /// dB: as loud.
    private static let tie = 2

    /// The echoes for which `channel` may be silent: those in it, where they are not louder than what they
    /// are of; and what comes again louder in `other`.
    static func both(_ channel: Int, _ other: Int, _ blocks: BlockLevels) -> [Echo] {
        let pair = blocks.survey.pair(channel, other)
        let later = Echo(pair.echo(in: channel), of: other, in: channel, blocks)
        let earlier = Echo(pair.echo(in: other), of: channel, in: other, blocks)
        return [later, earlier.map(\.reversed)].compactMap { $0 }
            .filter { $0.shift == 0 ? $0.distance >= -tie : $0.distance > tie }
    }

    private init?(_ estimate: EchoEstimate, of source: Int, in channel: Int, _ blocks: BlockLevels) {
        guard let delay = estimate.delay else { return nil }
        let isFound = estimate.isEcho(after: delay)
        let distances = isFound.indices.filter { isFound[$0] }
            .map { blocks.level(source, $0, earlier: delay) - blocks.levels[channel][$0] }.sorted()
        guard !distances.isEmpty else { return nil }
        self.init(delay: delay, isFound: isFound, distance: distances[distances.count / 2], shift: 0)
    }

    private init(delay: Int, isFound: [Bool], distance: Int, shift: Int) {
        self.delay = delay
        self.isFound = isFound
        self.distance = distance
        self.shift = shift
    }

    /// The same for the channel that comes earlier.
    private var reversed: Echo { Echo(delay: delay, isFound: isFound, distance: -distance, shift: -delay) }
}

/// By how much later than one channel another carries the same sound, where that is later than two places of
/// a room are apart: what comes back from the far end of a call, or through a recorder's buffer. The delay of
/// an echo stays the same for as long as the call lasts; two people who say the same words never keep one.
struct EchoEstimate {
    /// Frames (0.35 s to 1.5 s) by which it may come later.
    static let delays = 11...47

    /// The delay at which a block is most like an earlier one of the other channel.
    struct Match {
        var delay: Int
        var correlation: Float
        /// Proof that it gives: none where there is but a word, which is like any other.
        var weight: Int
    }

    /// Frames of sound in a block (0.8 s) that are more than a word, and those (1 s) that prove as much as
    /// two where they are much alike. Measured on pairs of the tests' recordings in blocks: two voices at
    /// least 0.75 alike at some delay in 3 of 82, never twice at one; an echo in 14 of 16 at one delay or two
    /// neighbours, 0.93 alike and more, down to 26 dB below the voice amid noise.
    private static let (enoughSound, muchSound) = (24, 31)
    private static let muchAlike: Float = 0.9
    private static let enough = 6
    private static let margin: Float = 0.03

    private var weights = [Int](repeating: 0, count: delays.count)
    /// Of each block; 0 where it is like none.
    private var found: [UInt8] = []

    static func weight(sound frames: Int, correlation: Float) -> Int {
        if frames < enoughSound { return 0 }
        return frames >= muchSound && correlation >= muchAlike ? 2 : 1
    }

    /// The next block.
    /// - Parameter reverse: the match of the same block in the other direction. What comes again and again is
    ///   like itself in both; an echo is more like what it is of.
    mutating func add(_ match: Match?, reverse: Match?) {
        found.append(UInt8(match?.delay ?? 0))
        guard let match, match.correlation - Self.margin > reverse?.correlation ?? 0 else { return }
        weights[match.delay - Self.delays.lowerBound] += match.weight
    }

    /// Frames. Nil where no delay is certain.
    var delay: Int? {
        let clusters = weights.indices.map { Self.neighbours(of: $0).reduce(0) { $0 + weights[$1] } }
        let order = clusters.indices.sorted { (clusters[$0], weights[$0]) > (clusters[$1], weights[$1]) }
        guard let best = order.first, clusters[best] >= Self.enough,
            clusters[best] * 5 >= weights.reduce(0, +) * 3
        else { return nil }
        return Self.delays.lowerBound + best
    }

    /// Of each block, whether the same came so much earlier.
    func isEcho(after delay: Int) -> [Bool] { found.map { $0 > 0 && abs(Int($0) - delay) <= 1 } }

    /// A delay lies between two whole frames as often as not.
    private static func neighbours(of index: Int) -> Range<Int> {
        max(0, index - 1)..<min(delays.count, index + 2)
    }
}
