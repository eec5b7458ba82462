import KotibModel

/// A duration as a number of samples, which adds up exactly; converted to seconds at the end.
struct SampleCount {
    /// By samples a second: a recording may change its rate.
    private var counts: [Int64: Int64] = [:]
    private var isOverlong = false

    /// Fewer than none take away.
    mutating func add(_ count: Int64, at rate: Int64) {
        guard rate > 0 else { return }
        let (sum, overflow) = counts[rate, default: 0].addingReportingOverflow(count)
        if overflow { isOverlong = true } else { counts[rate] = sum }
    }

    /// `ticks` of `numerator / denominator` seconds each.
    mutating func add(_ ticks: Int64, ofTicks numerator: Int32, per denominator: Int32) {
        let (count, overflow) = ticks.multipliedReportingOverflow(by: Int64(numerator))
        if overflow { isOverlong = true } else { add(count, at: Int64(denominator)) }
    }

    /// At most ``RecordingWarning/longest``.
    var seconds: Double {
        if isOverlong { return RecordingWarning.longest }
        // Asked for with each packet.
        if counts.count == 1, let only = counts.first {
            return min(Double(only.value) / Double(only.key), RecordingWarning.longest)
        }
        let sum = counts.sorted { $0.key < $1.key }.reduce(0) { $0 + Double($1.value) / Double($1.key) }
        return min(sum, RecordingWarning.longest)
    }
}
