import Glibc

/// The signals of a recording that are transcribed, each mixed from one or several channels.
struct DownmixPlan: Hashable, Sendable {
    struct Signal: Hashable, Sendable {
        /// The channels that are mixed, and their factors.
        var weights: [Int: Float]
        /// Frames of the survey, in order, in which another signal carries the same sound louder.
        var muted: [Range<Int>] = []
        /// The highest gain that it may be given: see ``GainControl``.
        var highestGain: Float = .infinity
    }

    /// Never empty.
    var signals: [Signal]

    /// The limit of signals; further voices are mixed together, since each signal costs a voice activity
    /// detector.
    static let maxSignals = 8

    init(signals: [Signal]) {
        self.signals = signals
    }

    /// - Parameter survey: of at least one channel, finished.
    init(_ survey: ChannelAnalysis) {
        let blocks = BlockLevels(survey)
        let groups = blocks.groups
        guard !groups.isEmpty else {
            // Nothing but silence: any channel tells as much.
            self.init(signals: [Signal(weights: [0: 1])])
            return
        }
        var signals = groups.map { blocks.signal(of: $0) }
        if groups.count > 1 {
            let muting = CrosstalkGate(blocks)
            for index in groups.indices {
                let leaders = groups.enumerated().filter { $0.offset != index }.map { $0.element[0] }
                signals[index].muted = muting.muted(groups[index][0], by: leaders)
                signals[index].highestGain = blocks.highestGain(groups[index][0])
            }
        }
        self.init(signals: Self.joined(signals))
    }

    /// The same plan for the channels from which those of this plan were made.
    func unmixed(by unmixing: CrosstalkCancellation) -> DownmixPlan {
        DownmixPlan(
            signals: signals.map { signal in
                var signal = signal
                signal.weights = unmixing.channels(of: signal.weights)
                return signal
            })
    }

    /// Reduces the signals to the limit; the last one holds the rest.
    private static func joined(_ signals: [Signal]) -> [Signal] {
        guard signals.count > maxSignals else { return signals }
        var joined = Array(signals.prefix(maxSignals))
        for signal in signals.dropFirst(maxSignals) {
            joined[maxSignals - 1].weights.merge(signal.weights) { $0 + $1 }
        }
        joined[maxSignals - 1].muted = []
        return joined
    }
}

/// The levels of the channels in each block, and comparisons of two channels.
struct BlockLevels {
    let survey: ChannelAnalysis
    /// Of each channel and block: of its loud frames, in the survey's dB.
    let levels: [[Int]]
    /// Of each channel: where somebody speaks.
    private let loud: [Int]

    init(_ survey: ChannelAnalysis) {
        self.survey = survey
        levels = survey.channels.map { channel in
            (0..<survey.blockCount).map { Self.level(channel.levels[survey.frames(of: $0)]) }
        }
        loud = zip(survey.channels, levels).map { channel, levels in
            let frames = Self.histogram(channel.levels)
            let blocks = levels.sorted()
            // Rare sound counts if it lasts as long as a word, but less than frequent sound: it may be a
            // door.
            let usual = blocks.isEmpty ? 0 : blocks[(blocks.count - 1) * 97 / 100]
            return max(usual, frames.loud - 20)
        }
    }

    /// Of the loud ones among some frames of the survey, of which there is one at least.
    private static func level(_ frames: ArraySlice<UInt8>) -> Int {
        let sorted = frames.sorted()
        return Int(sorted[sorted.count * 9 / 10])
    }

    /// The level of a channel so many frames earlier than a block; 0 before the recording.
    func level(_ channel: Int, _ block: Int, earlier delay: Int) -> Int {
        let frames = survey.frames(of: block)
        let earlier = max(0, frames.lowerBound - delay)..<max(0, frames.upperBound - delay)
        return earlier.isEmpty ? 0 : Self.level(survey.channels[channel].levels[earlier])
    }

    /// Channels of which those of one group carry the same, the clearest of each, the loudest first; those
    /// that may hold speech, if any may.
    var groups: [[Int]] {
        var groups: [[Int]] = []
        for channel in audible {
            let same = groups.firstIndex { isSame($0[0], channel) }
            if let same { groups[same].append(channel) } else { groups.append([channel]) }
        }
        let lively = groups.filter { $0.contains(where: varies) }
        return (lively.isEmpty ? groups : lively).map { clearest(of: $0) }
    }

    /// dB below the loudest channel: less is what leaks through an amplifier.
    static let leastBelowLoudest = 60

    /// Channels with more than silence, the loudest first.
    private var audible: [Int] {
        let loudest = loud.max() ?? 0
        return loud.indices.filter {
            loud[$0] > max(Int(ChannelAnalysis.silence), loudest - Self.leastBelowLoudest)
        }
        .sorted { (-loud[$0], $0) < (-loud[$1], $1) }
    }

    /// Whether its level varies as that of speech, by 20 dB and more, and not as that of hum and noise.
    private func varies(_ channel: Int) -> Bool { Self.histogram(survey.channels[channel].levels).varies }

    private func contrast(_ channel: Int) -> Int { Self.histogram(survey.channels[channel].levels).contrast }

    /// Whether anything is to be heard in a block, in comparison with the channel's loud ones.
    private func isActive(_ channel: Int, _ block: Int) -> Bool {
        levels[channel][block] > max(loud[channel] - 35, Int(ChannelAnalysis.silence))
    }

    /// Whether two channels carry the same sound so often that one signal of both is enough. If the common
    /// sound is much louder in one, they are the microphones of two people, and each is kept.
    func isSame(_ one: Int, _ other: Int) -> Bool {
        let pair = survey.pair(one, other)
        let active = (0..<survey.blockCount).filter { isActive(one, $0) || isActive(other, $0) }
        let shared = active.filter { pair.isShared[$0] && isActive(one, $0) && isActive(other, $0) }
        guard !shared.isEmpty else { return false }
        let distances = shared.map { abs(levels[one][$0] - levels[other][$0]) }.sorted()
        if distances[distances.count / 2] < 9 { return shared.count * 5 >= active.count * 4 }
        // A leak is in both channels while both speak too, so that a lower level says nothing.
        return shared.count { pair.isSame[$0] } * 100 >= active.count * 97
    }

    /// Those of `group` that are not much noisier than its best.
    private func clearest(of group: [Int]) -> [Int] {
        let best = group.map(contrast).max() ?? 0
        return group.filter { contrast($0) > best - 12 }
    }

    /// The mean of `group`, whose first is its leader, without those whose polarity goes to and fro.
    func signal(of group: [Int]) -> DownmixPlan.Signal {
        let steady = group.filter { $0 == group[0] || !survey.pair(group[0], $0).turnsOnTheWay }
        let weights = steady.map { channel in
            let isTurned = channel != group[0] && survey.pair(group[0], channel).isTurned
            return (channel, (isTurned ? -1 : 1) / Float(steady.count))
        }
        return DownmixPlan.Signal(weights: Dictionary(uniqueKeysWithValues: weights))
    }

    /// Lifts what is loud in the whole recording to -30 dB, and no more: what leaks from another signal stays
    /// low.
    func highestGain(_ channel: Int) -> Float {
        let decibels = Float(120 - 30 - loud[channel])
        return decibels > 0 ? powf(10, decibels / 20) : 1
    }

    private static func histogram(_ levels: [UInt8]) -> LevelHistogram {
        var histogram = LevelHistogram()
        for level in levels { histogram.add(level) }
        return histogram
    }
}

/// How often a channel is how loud, in the survey's dB; without frames of digital silence.
struct LevelHistogram {
    private var counts = [Int](repeating: 0, count: 256)
    private(set) var count = 0

    mutating func add(_ level: UInt8) {
        guard level > 0 else { return }
        counts[Int(level)] += 1
        count += 1
    }

    /// Counts the frames of `samples`, without a rest that is none.
    mutating func add(_ samples: [Float]) {
        for end in stride(from: ChannelAnalysis.frame, through: samples.count, by: ChannelAnalysis.frame) {
            add(ChannelAnalysis.level(BandEnergies(samples[end - ChannelAnalysis.frame..<end]).sum))
        }
    }

    /// The lowest level that is above `rank` others.
    func level(above rank: Int) -> Int {
        var rest = max(0, min(rank, count - 1))
        for (level, number) in counts.enumerated() {
            if rest < number { return level }
            rest -= number
        }
        return 0
    }

    /// Only eight frames are louder.
    var loud: Int { level(above: count - 8) }

    var contrast: Int { loud - level(above: count / 10) }

    /// Whether the loudness changes, as that of speech does by 20 dB and more, and hum and noise do not.
    var varies: Bool { contrast >= 4 }
}
