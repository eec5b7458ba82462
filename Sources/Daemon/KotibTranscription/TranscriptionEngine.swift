// KotibTranscription: the durable bounded queue, the engine protocol, the retry policy.

import KotibModel
import KotibPOSIX
import KotibText

/// One recording, handed to an engine.
public struct TranscriptionJob: Sendable {
    public var recording: RecordingID
    /// Open for reading, at any offset: engines use pread(2). The engine sees the bytes, never the path.
    public var file: OpenFile
    /// Bytes.
    public var size: Int64
    /// Seconds.
    public var duration: Double
    /// libav's name of the container.
    public var container: String
    /// Lower case, without the dot; it tells a server the kind of the file.
    public var fileExtension: String
    /// ISO 639-1, or nil to detect.
    public var language: String?
    /// The number of channels of all tracks. Where there are several tracks, one has to be chosen.
    public var channels = 1
    /// libav's name of the audio codec; empty where it is not known.
    public var codec = ""
    /// Whether the file holds less or more sound than its header says, a track that cannot be decoded, or
    /// what the worker decodes only with its header put right, so that another decoder may hear something
    /// else.
    public var isDoubtful = false
    /// Whether the file has grown: the recording is its first ``duration`` seconds, and only those are
    /// transcribed.
    public var isBeginning = false

    /// Seconds of the file to be decoded, at most `longest`.
    public func decodedDuration(upTo longest: Double) -> Double {
        isBeginning ? min(duration, longest) : longest
    }
}

/// A report of an engine during a job.
public enum TranscriptionProgress: Hashable, Sendable {
    /// Between 0 and 1, rising.
    case fraction(Double)
    case segment(TranscriptSegment)
}

/// The words of a recording.
public struct TranscriptionResult: Hashable, Sendable {
    public var transcript: Transcript
    /// Seconds of speech, where the engine reports them; 0 explains an empty transcript.
    var speech: Double?
    /// The doubts about the words.
    var warnings: [RecordingWarning]
    /// SHA-256 of the file of the model that was used; nil if unknown.
    public var modelHash: [UInt8]?
    /// Whether the job named the language.
    var isLanguageGiven = false

    public init(transcript: Transcript, speech: Double?, warnings: [RecordingWarning] = []) {
        self.transcript = transcript
        self.speech = speech
        self.warnings = warnings
    }
}

/// The failure of an engine, by whether a retry can help. Messages are sentences for people; the log has them
/// in English.
public enum EngineError: Error, Hashable, Sendable {
    /// This recording failed now: it is tried again, not before `retryAfter`.
    case transient(message: Sentence, retryAfter: Duration?)
    /// This recording can never be transcribed.
    case permanent(message: Sentence)
    /// The recording crashed or hung the worker. It fails after a few such attempts.
    case poison(message: Sentence)
    /// No recording can be transcribed now: the engine is unreachable, refuses the key, or its quota is used
    /// up. The queue pauses.
    case unavailable(message: Sentence, retryAfter: Duration?)
    /// The task was cancelled.
    case cancelled
}

/// Turns audio into words. Concrete engines live in KotibEngines.
public protocol TranscriptionEngine: Sendable {
    /// The engine's name in the configuration.
    var name: String { get }
    /// The model that it uses now, as its transcripts name it.
    var model: String { get }

    /// The model that it would use now. Nil if its content is unknown: no earlier transcript is reused then.
    func modelIdentity() async -> ModelIdentity?

    /// Transcribes one recording; ends soon with ``EngineError/cancelled`` when the task is cancelled.
    /// `report` is called in order, from any thread, never after this has returned.
    func transcribe(
        _ job: TranscriptionJob, report: @escaping @Sendable (TranscriptionProgress) -> Void
    ) async throws(EngineError) -> TranscriptionResult
}

extension TranscriptionEngine {
    /// Only the name of a server's model is known.
    public func modelIdentity() async -> ModelIdentity? { ModelIdentity(name: model) }
}
