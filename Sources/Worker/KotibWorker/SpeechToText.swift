// KotibWorker: the code that may touch untrusted bytes: inspect, decode, transcribe; sandbox.

import KotibModel
import KotibWorkerProtocol

/// Decoded audio as a stream: 16 kHz, mono, between -1 and 1, what Whisper takes; or several of that, side by
/// side, where different voices are on different channels or tracks.
protocol SampleSource: AnyObject {
    /// How many there are, each to be heard by itself; at least 1.
    var signalCount: Int { get }

    /// The next samples of each signal, at most `count`, of all the same number; none at the end.
    /// - Throws: ``Rejection/damaged(detail:)`` and the like where the file cannot be decoded further.
    func read(_ count: Int) throws -> [[Float]]
}

extension SampleSource {
    /// Hertz, of every source.
    static var sampleRate: Int { 16_000 }
}

/// Observes a transcription: called in order, on the thread that transcribes.
protocol TranscriptionObserver: AnyObject {
    /// Polled often (also from the engine's abort callback, on its threads): true ends the work soon.
    var isCancelled: Bool { get }
    /// Between 0 and 1, rising.
    func progressed(to fraction: Double)
    func heard(_ segment: TranscriptSegment)
}

/// Speech to text on a model that is loaded once.
protocol SpeechToText: AnyObject {
    /// The model's name, such as `base-q8_0`.
    var modelName: String { get }
    /// The state of the model's file when it was loaded; nil if it changed meanwhile.
    var modelFile: FileIdentity? { get }

    /// Reads `source` to its end. Returns nil where the observer cancelled.
    /// - Parameters:
    ///   - language: ISO 639-1, or nil to detect it on the first speech.
    ///   - expectedDuration: seconds, for the fraction done; 0 where unknown.
    /// - Throws: what `source` throws, or ``EngineFailure``.
    func transcribe(
        _ source: any SampleSource, language: String?, expectedDuration: Double,
        observer: any TranscriptionObserver
    ) throws -> TranscriptionSummary?
}

/// The engine itself failed; the message is for the log.
struct EngineFailure: Error {
    var message: String
}
