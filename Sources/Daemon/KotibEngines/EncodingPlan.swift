import KotibWorkerProtocol

/// The bit rates at which a recording would fit into a request.
struct EncodingPlan: Hashable {
    /// Bits a second of Opus, mono, at 16 kHz, best first. What each costs in words is in docs/benchmarks.md.
    static let bitRates = [24_000, 16_000, 12_000, 8_000, 6_000]

    /// Overhead beyond the constant bit rate (constrained VBR): Ogg pages and headers.
    private static let overhead = 1.02
    private static let beginning = 1024.0

    /// The bit rates to try, best first; empty if none would fit. For FLAC, whose size is not known
    /// beforehand, a single meaningless one.
    let bitRates: [Int]

    /// - Parameters:
    ///   - duration: of the recording, in seconds.
    ///   - capacity: bytes.
    init(_ codec: SpeechCodec, duration: Double, capacity: Int64) {
        switch codec {
        case .flac:
            bitRates = capacity > 0 ? [0] : []
        case .opus:
            bitRates = Self.bitRates.filter { Self.size(of: duration, at: $0) <= Double(capacity) }
        }
    }

    /// Bytes at the most.
    static func size(of duration: Double, at bitRate: Int) -> Double {
        beginning + duration * Double(bitRate) / 8 * overhead
    }

    /// Seconds of Opus that fit into `capacity` bytes.
    static func longest(in capacity: Int64) -> Double {
        let lowest = Double(bitRates.min() ?? 1)
        return max(0, Double(capacity) - beginning) / overhead * 8 / lowest
    }
}
