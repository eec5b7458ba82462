/// How alike the loudness of two recordings is over time, between -1 and 1. Codecs shift the sound by up to
/// 70 ms and change its phase, so that samples cannot be compared.
func likeness(_ one: [Float], _ other: [Float]) -> Double {
    let (one, other) = (loudness(one), loudness(other))
    func product(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return product(one, other) / (product(one, one) * product(other, other)).squareRoot()
}

/// The loudness of each fifth of a second, relative to the average.
private func loudness(_ samples: [Float]) -> [Double] {
    let windows = stride(from: 0, to: samples.count - 3_200, by: 3_200).map { start in
        samples[start..<start + 3_200].reduce(0.0) { $0 + Double(abs($1)) }
    }
    let mean = windows.reduce(0, +) / Double(windows.count)
    return windows.map { $0 - mean }
}
