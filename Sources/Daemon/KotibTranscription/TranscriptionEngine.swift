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
    /// Lower case, without the dot; what a server is told the file's kind is.
    public var fileExtension: String
    /// ISO 639-1, or nil to detect.
    public var language: String?
    /// Whether the file holds less or more sound than it says: another reader may hear another part of it.
    public var isDoubtful: Bool
    /// Of all its tracks: where there are several, somebody has to choose what is heard.
    public var channels: Int
    /// libav's name of the audio codec; empty where it is not known.
    public var codec: String

    public init(
        recording: RecordingID, file: OpenFile, size: Int64, duration: Double, container: String,
        fileExtension: String, language: String?, channels: Int = 1, codec: String = "",
        isDoubtful: Bool = false
    ) {
        self.recording = recording
        self.file = file
        self.size = size
        self.duration = duration
        self.container = container
        self.fileExtension = fileExtension
        self.language = language
        self.channels = channels
        self.codec = codec
        self.isDoubtful = isDoubtful
    }
}

/// What an engine tells while it works.
public enum TranscriptionProgress: Hashable, Sendable {
    /// Between 0 and 1, rising.
    case fraction(Double)
    case segment(TranscriptSegment)
}

/// The words, and what they cost.
public struct TranscriptionResult: Hashable, Sendable {
    public var transcript: Transcript
    /// Seconds in which somebody spoke, where the engine tells; 0 explains an empty transcript.
    public var speech: Double?
    /// What is doubtful about the words.
    public var warnings: [RecordingWarning]

    public init(transcript: Transcript, speech: Double?, warnings: [RecordingWarning] = []) {
        self.transcript = transcript
        self.speech = speech
        self.warnings = warnings
    }
}

/// Why an engine did not give a transcript, and what a retry can do about it. Messages are sentences for people; the log
/// has them in English.
public enum EngineError: Error, Hashable, Sendable {
    /// This recording, now: try again later, not before `retryAfter`.
    case transient(message: Sentence, retryAfter: Duration?)
    /// This recording, ever.
    case permanent(message: Sentence)
    /// The recording killed or hung the worker: counts towards giving up.
    case poison(message: Sentence)
    /// No recording, for now: the engine is out of reach, refuses the key, or its quota is spent. The queue pauses.
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

    /// Transcribes one recording; ends soon with ``EngineError/cancelled`` when the task is cancelled.
    /// `report` is called in order, from any thread, never after this has returned.
    func transcribe(
        _ job: TranscriptionJob, report: @escaping @Sendable (TranscriptionProgress) -> Void
    ) async throws(EngineError) -> TranscriptionResult
}
