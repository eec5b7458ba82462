import CAV
import KotibModel
import KotibPOSIX

/// The signals of one recording as a stream: its tracks are decoded side by side, its channels mixed by a
/// ``DownmixPlan``, and the level is corrected. Never held as a whole: a recording with several channels is
/// decoded twice.
final class Decoder: SampleSource {
    /// The signals, and how each is mixed.
    let plan: DownmixPlan
    /// Seconds, for progress; 0 if unknown.
    let expectedDuration: Double
    var signalCount: Int { controls.count }
    /// Whether the level of any sample so far was changed.
    var hasChangedLevel: Bool { controls.contains(where: \.hasChanged) }

    private let tracks: [TrackDecoder]
    private var controls: [GainControl]
    /// Samples read from the tracks so far, and those that may still be.
    private var position = 0
    private var allowance: Int
    private var hasEnded = false

    /// Samples that are read from the tracks at once: a second.
    private static let portion = 16_000

    /// Decodes the signals of `plan` from `recording`.
    init(_ recording: RecordingTracks, plan: DownmixPlan?) throws {
        self.plan = plan ?? DownmixPlan(signals: [.init(weights: [0: 1])])
        tracks = try recording.open(plan)
        controls = self.plan.signals.map { GainControl(ceiling: $0.highestGain) }
        allowance = recording.allowance(at: Self.sampleRate)
        expectedDuration = recording.expectedDuration
    }

    func read(_ count: Int) throws -> [[Float]] {
        while ready < count && !hasEnded { try fill() }
        let taken = min(count, ready)
        return controls.indices.map { controls[$0].removeFirst(taken) }
    }

    /// Samples that each signal has.
    private var ready: Int { controls[0].ready }

    private func fill() throws {
        let samples = try RecordingTracks.sum(tracks, count: min(Self.portion, allowance))
        let count = samples[0].count
        for (index, signal) in samples.enumerated() {
            controls[index].add(muted(signal, plan.signals[index].muted))
        }
        position += count
        allowance -= count
        if count == 0 {
            hasEnded = true
            for index in controls.indices { controls[index].finish() }
        }
    }

    /// The samples that come next, silent in the frames of `muted`.
    private func muted(_ samples: [Float], _ muted: [Range<Int>]) -> [Float] {
        guard !muted.isEmpty else { return samples }
        let frame = ChannelAnalysis.frame * Self.sampleRate / ChannelAnalysis.sampleRate
        var samples = samples
        let own = position..<position + samples.count
        // Ranges are in order: those that end before are passed over by halving.
        var first = muted.partitioningIndex { $0.upperBound * frame > own.lowerBound }
        while first < muted.count, muted[first].lowerBound * frame < own.upperBound {
            let range = (muted[first].lowerBound * frame..<muted[first].upperBound * frame).clamped(to: own)
            for index in range { samples[index - own.lowerBound] = 0 }
            first += 1
        }
        return samples
    }
}

extension [Range<Int>] {
    /// The first index whose element satisfies `isAfter`, which all later ones do too.
    fileprivate func partitioningIndex(where isAfter: (Range<Int>) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
