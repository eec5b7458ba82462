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
