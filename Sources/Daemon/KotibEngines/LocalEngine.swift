// KotibEngines: what turns audio into words: Whisper in worker processes here, servers elsewhere.

import KotibModel
import KotibPOSIX
import KotibText
import KotibTranscription
import KotibWorkerClient
import KotibWorkerProtocol

/// Whisper on this machine, in worker processes that each keep the model loaded.
public struct LocalEngine: TranscriptionEngine {
    public let name = "local"
    public let model: String

    private let file: ModelFile
    private let pool: WorkerPool
    private let longestDuration: Double

    /// - Parameters:
    ///   - pool: of transcribing workers; somebody else runs it.
    ///   - model: the name by which the workers know their model (``WorkerReady/modelName(of:)``).
    ///   - file: that they load.
    ///   - longestDuration: seconds; decoding ends there.
    public init(pool: WorkerPool, model: String, file: ModelFile, longestDuration: Double) {
        self.model = model
        self.file = file
        self.pool = pool
        self.longestDuration = longestDuration
    }

    /// Nil if the model's file cannot be read.
    public func modelIdentity() async -> ModelIdentity? {
        await file.sha256().map { ModelIdentity(name: model, sha256: $0) }
    }

    public func transcribe(
        _ job: TranscriptionJob, report: @escaping @Sendable (TranscriptionProgress) -> Void
    ) async throws(EngineError) -> TranscriptionResult {
        let draft = LocalTranscriptBuilder(longest: longestDuration, report: report)
        let answer: WorkerPool.Answer
        do throws(WorkerError) {
            answer = try await pool.perform(
                passing: job.file, deadline: Self.deadline(of: job.duration), report: draft.add
            ) { id in
                .transcribe(
                    TranscribeRequest(
                        request: id, container: job.container, language: job.language,
                        longestDuration: job.decodedDuration(upTo: longestDuration)))
            }
        } catch {
            throw EngineError(error, withServerMessage: Sentence.transcribingWorker)
        }
        var result = try result(answer, draft, job)
        if let loaded = answer.worker.modelFile { result.modelHash = await file.sha256(ofLoaded: loaded) }
        return result
    }

    /// The deadline of a transcription, whatever progress the worker reports: a large model on one old
    /// processor needs some twenty times the recording's length.
    static func deadline(of duration: Double) -> Duration {
        .seconds(600) + .seconds(bounding: duration * 60)
    }

    private func result(
        _ answer: WorkerPool.Answer, _ draft: LocalTranscriptBuilder, _ job: TranscriptionJob
    ) throws(EngineError) -> TranscriptionResult {
        switch answer.reply {
        case .transcribed(_, let summary):
            guard let segments = draft.segments else {
                throw .poison(message: .transcriptTooLong(LocalTranscriptBuilder.longestText))
            }
            let transcript = Transcript(
                text: Transcript.text(of: segments), segments: segments,
                language: summary.language ?? job.language, engine: name,
                model: answer.worker.model ?? "unknown")
            return TranscriptionResult(
                transcript: transcript, speech: summary.speech, warnings: summary.warnings.bounded)
        case .failed(_, let reason):
            throw .permanent(message: .notTranscribed(reason))
        default:
            throw .poison(message: .transcribingWorker("gave the answer to another kind of request"))
        }
    }
}

extension EngineError {
    /// A full line of jobs moves on soon.
    private static let soon = Duration.seconds(5)

    /// The error of a recording whose worker failed.
    /// - Parameter sentence: makes the message from the description of the failure.
    init(_ error: WorkerError, withServerMessage sentence: (String) -> Sentence) {
        let message = sentence("\(error)")
        self =
            switch error {
            case .died, .stalled, .overdue, .protocolViolation: .poison(message: message)
            case .couldNotStart(_, let retryAfter): .unavailable(message: message, retryAfter: retryAfter)
            case .stopped: .unavailable(message: message, retryAfter: nil)
            case .busy: .transient(message: message, retryAfter: Self.soon)
            case .cancelled: .cancelled
            }
    }
}
