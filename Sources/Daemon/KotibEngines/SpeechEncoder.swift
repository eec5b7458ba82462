import KotibModel
import KotibPOSIX
import KotibText
import KotibTranscription
import KotibWorkerClient
import KotibWorkerProtocol
import Logging

/// Has recordings made smaller, or of another kind, before they are sent to a server. Only a worker touches
/// their bytes: it writes into memory that the daemon made and later only reads with pread(2).
public struct SpeechEncoder: Sendable {
    /// Bytes of memory for one recording, whatever a server takes.
    public static let largestBuffer: Int64 = 128 << 20

    /// A re-encoded recording.
    struct Encoded: Sendable {
        var file: OpenFile
        /// Bytes at the beginning of `file`.
        var size: Int64
        /// Seconds.
        var duration: Double
        /// So many voices of the recording, one after the other: see ``EncodingSummary/parts``.
        var parts: Int
        /// Whether a server hears the same of the recording itself.
        var isPlain: Bool
    }

    /// No worker hears more voices at once.
    private static let mostParts = 64

    enum Outcome: Sendable {
        case encoded(Encoded)
        /// There was room for so many seconds.
        case outgrown(after: Double)
    }

    let codec: SpeechCodec
    let logger: Logger
    private let pool: WorkerPool
    private let longestDuration: Double

    /// - Parameters:
    ///   - pool: of workers, that inspect or transcribe; somebody else runs it. A long recording keeps one
    ///     busy for minutes, so that nobody else should wait for them.
    ///   - longestDuration: seconds; decoding ends there.
    public init(pool: WorkerPool, codec: SpeechCodec, longestDuration: Double, logger: Logger) {
        self.pool = pool
        self.codec = codec
        self.longestDuration = longestDuration
        self.logger = logger
    }

    /// Seconds that a worker may take: as long as the recording lasts, where a free processor needs a
    /// hundredth.
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
                            longestDuration: longestDuration, capacity: capacity))
                })
        } catch {
            throw EngineError(error, told: Sentence.encodingWorker)
        }
        switch answer.reply {
        case .encoded(_, let summary)
        where (1...capacity).contains(summary.size) && (1...Self.mostParts).contains(summary.parts)
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
