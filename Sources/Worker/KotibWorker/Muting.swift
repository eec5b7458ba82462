/// Crosstalk: stretches in which a signal carries what another carries louder: one party of a call in the
/// other's receiver, an announcement on both. It is silent there, so that no words come twice.
struct Muting {
    private let blocks: BlockLevels
    private var survey: ChannelSurvey { blocks.survey }

    /// Frames: shorter sounds are no speech (0.25 s, as ``VoiceGate/Rules/shortestSpeech``), and shorter gaps
    /// (0.5 s) belong to a word.
    private static let shortestSound = 8
    private static let shortestGap = 16
    /// dB: below that, what leaks is known by its level alone.
    private static let leak = 10
    /// dB by which a leak may be louder than it usually is: where the other is heard to leak, and where
    /// nothing but its loudness tells.
    private static let tolerance = (same: 8, unknown: 0)

    init(_ blocks: BlockLevels) {
        self.blocks = blocks
    }

    /// Frames in which `channel` is silent for one of `others`.
    func muted(_ channel: Int, by others: [Int]) -> [Range<Int>] {
        var isMuted = [Bool](repeating: false, count: survey.count)
        for other in others { mute(&isMuted, channel, by: other) }
        // First the gaps: where both speak, there are many within a word.
        Self.fill(&isMuted, shorterThan: Self.shortestGap, with: false)
        Self.fill(&isMuted, shorterThan: Self.shortestSound, with: true)
        return Self.ranges(of: true, in: isMuted)
    }

    private func mute(_ isMuted: inout [Bool], _ channel: Int, by other: Int) {
        let pair = survey.pair(channel, other)
        let distance = distance(channel, below: other, pair)
        let cells = stride(from: 0, to: survey.count, by: ChannelSurvey.hop).map {
            likeness(channel, other, pair, $0, hasLeak: distance != nil)
        }
        // While both speak, a block or two may be alike by chance: somewhere in the run nearly all must be.
        for run in Self.ranges(of: true, in: cells.map { $0 >= 0.5 })
        where cells[run].contains(where: { $0 > 0.75 }) {
            let end = min(run.upperBound * ChannelSurvey.hop, survey.count)
            for frame in run.lowerBound * ChannelSurvey.hop..<end { isMuted[frame] = true }
        }
        guard let distance else { return }
        let (own, loud) = (survey.channels[channel].levels, survey.channels[other].levels)
        for frame in own.indices where own[frame] > 0 {
            let near = loud[max(0, frame - ChannelSurvey.longestEcho)...min(frame + 2, loud.count - 1)]
            let heard = Int(near.max() ?? 0)
            // While both speak, most blocks are not the same, and sound quieter than usual may be a word.
            let around = survey.blocks(around: frame)
            let isKnown = 2 * around.count { pair.isSame[$0] } >= around.count
            let tolerance = isKnown ? Self.tolerance.same : Self.tolerance.unknown
            if Int(own[frame]) <= heard - distance + tolerance { isMuted[frame] = true }
        }
    }

    /// The part of the blocks around a frame in which both carry the same, `channel` with less of it; of two
    /// as loud, the later one. A known leak is told frame by frame, since the next word may be the other's.
    private func likeness(
        _ channel: Int, _ other: Int, _ pair: ChannelSurvey.Pair, _ frame: Int, hasLeak: Bool
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
    private func distance(_ channel: Int, below other: Int, _ pair: ChannelSurvey.Pair) -> Int? {
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
