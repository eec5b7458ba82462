import KotibModel
import KotibPOSIX
import KotibText
import KotibTranscription
import KotibWorkerClient
import KotibWorkerProtocol
import Logging

/// Re-encodes recordings before they are sent to a server, to make them smaller or another kind. Only a
/// worker decodes them: it writes into memory that the daemon made and later only reads with pread(2).
public struct SpeechEncoder: Sendable {
    /// The limit in bytes of memory for one recording.
    static let largestBuffer: Int64 = 128 << 20

    /// A re-encoded recording.
    struct Encoded: Sendable {
        var file: OpenFile
        /// Bytes at the beginning of `file`.
        var size: Int64
        /// Seconds.
        var duration: Double
        /// The number of voices, which follow one another: see ``EncodingSummary/parts``.
        var parts: Int
        /// Whether the recording itself sounds the same to a server.
        var isPlain: Bool
    }

    /// No worker hears more voices at once.
    private static let maxParts = 64

    enum Outcome: Sendable {
        case encoded(Encoded)
        /// The buffer was full after so many seconds.
        case outgrown(after: Double)
    }

    let codec: SpeechCodec
    let logger: Logger
    private let pool: WorkerPool
    private let longestDuration: Double

    /// - Parameters:
    ///   - pool: of workers; the caller runs it. Should be used for nothing else, since a long recording
    ///     keeps a worker busy for minutes.
    ///   - longestDuration: seconds; decoding ends there.
    public init(pool: WorkerPool, codec: SpeechCodec, longestDuration: Double, logger: Logger) {
        self.pool = pool
        self.codec = codec
        self.longestDuration = longestDuration
        self.logger = logger
    }

    /// The deadline of a re-encoding: the recording's length, of which a free processor needs a hundredth.
    static func deadline(of duration: Double) -> Duration {
        .seconds(300) + .seconds(bounding: duration)
    }

    /// - Parameters:
    ///   - bitRate: bits a second; of no meaning for FLAC.
    ///   - capacity: bytes that the result may have, at least 1.
    ///   - report: the fraction done, between 0 and 1.
    /// - Throws: ``EngineError/permanent(message:)`` for a recording that cannot be decoded.
    func encode(
        _ job: TranscriptionJob, bitRate: Int, capacity: Int64, report: @escaping @Sendable (Double) -> Void
    ) async throws(EngineError) -> Outcome {
        let buffer = try buffer(of: capacity)
        let answer: WorkerPool.Answer
        do throws(WorkerError) {
            answer = try await pool.perform(
                passing: job.file, filling: buffer, deadline: Self.deadline(of: job.duration),
                report: { if case .progress(_, let fraction) = $0 { report(min(max(fraction, 0), 1)) } },
                { id in
                    .encode(
                        EncodeRequest(
                            request: id, container: job.container, codec: codec, bitRate: bitRate,
                            longestDuration: job.decodedDuration(upTo: longestDuration), capacity: capacity))
                })
        } catch {
            throw EngineError(error, withServerMessage: Sentence.encodingWorker)
        }
        switch answer.reply {
        case .encoded(_, let summary)
        where (1...capacity).contains(summary.size) && (1...Self.maxParts).contains(summary.parts)
            && summary.duration.isFinite && summary.duration >= 0:
            return .encoded(
                Encoded(
                    file: buffer, size: summary.size, duration: summary.duration, parts: summary.parts,
                    isPlain: summary.isPlain))
        case .outgrown(_, let duration):
            return .outgrown(after: duration)
        case .failed(_, let reason):
            throw .permanent(message: .notReencoded(reason))
        default:
            throw .poison(message: .encodingWorker("gave an answer that cannot be"))
        }
    }

    private func buffer(of size: Int64) throws(EngineError) -> OpenFile {
        do throws(SystemError) {
            return try OpenFile.inMemory("kotib-speech", size: size)
        } catch {
            throw .transient(message: .noMemoryToReencode("\(error)"), retryAfter: nil)
        }
    }
}

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
