import Glibc

/// The energy of one frame in four octaves, by Haar's wavelets: at 8 kHz, those between 250 Hz and 4 kHz.
struct BandEnergies {
    /// Mean squares, the highest octave first.
    private(set) var values: [Float] = []

    /// - Parameter frame: samples, a multiple of 16.
    init(_ frame: ArraySlice<Float>) {
        var low = Array(frame)
        var count = low.count
        let scale = 1 / Float(count)
        let half = Float(0.5).squareRoot()
        low.withUnsafeMutableBufferPointer { low in
            for _ in 0..<4 {
                count /= 2
                var sum: Float = 0
                for index in 0..<count {
                    let (one, other) = (low[2 * index], low[2 * index + 1])
                    low[index] = (one + other) * half
                    let high = (one - other) * half
                    sum += high * high
                }
                values.append(sum * scale)
            }
        }
    }

    var sum: Float { values.reduce(0, +) }

    /// ``compressed`` of a frame without sound.
    static let silence = [Float](repeating: 0, count: 4)

    /// The fourth roots: a whisper counts against a shout, and noise far below both does not.
    var compressed: [Float] { values.map { sqrtf(sqrtf($0)) } }
}

/// Some frames of four bands, less the mean of each band.
struct BandWindow {
    private static let bands = 4
    /// Frame by frame.
    private var values: [Float] = []
    /// The sum of squares of each band.
    private var squares = [Float](repeating: 0, count: bands)

    init(_ bands: [[Float]], _ frames: Range<Int>) {
        var means = squares
        for frame in frames {
            for band in 0..<Self.bands { means[band] += bands[frame][band] }
        }
        for band in 0..<Self.bands { means[band] /= Float(frames.count) }
        values.reserveCapacity(frames.count * Self.bands)
        for frame in frames {
            for band in 0..<Self.bands {
                let value = bands[frame][band] - means[band]
                squares[band] += value * value
                values.append(value)
            }
        }
    }

    /// Between -1 and 1: a band's correlation counts by how much happens in it.
    func correlation(_ other: BandWindow) -> Float {
        var products = [Float](repeating: 0, count: Self.bands)
        for index in 0..<min(values.count, other.values.count) {
            products[index % Self.bands] += values[index] * other.values[index]
        }
        let weights = zip(squares, other.squares).map { ($0 * $1).squareRoot() }
        let sum = weights.reduce(0, +)
        // Each band's correlation is its product over its weight.
        return sum > 0 ? products.reduce(0, +) / sum : 0
    }
}
