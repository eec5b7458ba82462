import KotibCatalog
import KotibModel
import Logging

/// The log lines of the queue: one for each recording that ends, one for each outage.
struct TranscriptionLog: Sendable {
    let logger: Logger
    /// The accepted file name extensions.
    let endings: Set<AudioFileExtension>

    private enum Key {
        static let user = "user"
        static let file = "file"
        static let recording = "recording"
        /// Bytes.
        static let size = "size"
        /// Seconds of audio.
        static let duration = "duration"
        static let engine = "engine"
        static let model = "model"
        /// Seconds that the engine took.
        static let seconds = "seconds"
        /// Seconds of engine for each second of audio: 0.1 is ten times faster than one could listen.
        static let realTimeFactor = "real_time_factor"
        /// Seconds of speech.
        static let speech = "speech"
        /// The number of words.
        static let words = "words"
        /// Codes of ``RecordingWarning`` and ``ExtensionMismatch`` with commas between.
        static let warnings = "warnings"
        static let attempt = "attempt"
        /// The recording whose words were reused.
        static let source = "source"
        static let cause = "cause"
        static let code = "code"
        /// Seconds until the next attempt or probe.
        static let wait = "wait"
    }

    private func metadata(_ recording: Recording, _ engine: String) -> Logger.Metadata {
        [
            Key.user: "\(recording.path.user)", Key.file: "\(recording.path.text)",
            Key.recording: "\(recording.id)", Key.size: "\(recording.identity.size)",
            Key.duration: "\(Self.rounded(recording.facts?.duration ?? 0))",
            Key.engine: "\(engine)",
        ]
    }

    func transcribed(_ recording: Recording, _ result: TranscriptionResult, seconds: Double, engine: String) {
        var metadata = metadata(recording, engine)
        metadata[Key.model] = "\(result.transcript.model)"
        metadata[Key.seconds] = "\(Self.rounded(seconds))"
        if let duration = recording.facts?.duration, duration > 0 {
            metadata[Key.realTimeFactor] = "\(Self.rounded(seconds / duration))"
        }
        if let speech = result.speech { metadata[Key.speech] = "\(Self.rounded(speech))" }
        metadata[Key.words] = "\(result.transcript.text.split(whereSeparator: \.isWhitespace).count)"
        var warnings = ((recording.facts?.warnings ?? []) + result.warnings).map(\.code.rawValue)
        if recording.extensionMismatch(accepted: endings) != nil { warnings.append(ExtensionMismatch.code) }
        if !warnings.isEmpty { metadata[Key.warnings] = "\(warnings.joined(separator: ","))" }
        logger.info("transcribed", metadata: metadata)
    }

    func reused(_ recording: Recording, of source: RecordingID, engine: String) {
        var metadata = metadata(recording, engine)
        metadata[Key.source] = "\(source)"
        logger.info("transcript reused from identical content", metadata: metadata)
    }

    func retrying(_ recording: Recording, _ error: EngineError, after delay: Duration, engine: String) {
        var metadata = metadata(recording, error, engine)
        metadata[Key.wait] = "\(Self.rounded(delay.inSeconds))"
        logger.warning("retrying", metadata: metadata)
    }

    func failed(_ recording: Recording, _ error: EngineError, engine: String) {
        logger.error("transcription failed", metadata: metadata(recording, error, engine))
    }

    private func metadata(
        _ recording: Recording, _ error: EngineError, _ engine: String
    ) -> Logger.Metadata {
        var metadata = metadata(recording, engine)
        metadata[Key.attempt] = "\(recording.attempts)"
        metadata[Key.code] = "\(error.code)"
        metadata[Key.cause] = "\(error.message)"
        return metadata
    }

    func gone(_ recording: Recording, engine: String) {
        logger.info("not transcribed: file removed or changed", metadata: metadata(recording, engine))
    }

    func changed(_ recording: Recording, engine: String) {
        logger.warning(
            "transcript discarded: file changed during transcription",
            metadata: metadata(recording, engine))
    }

    func superseded(_ recording: Recording, engine: String) {
        logger.info(
            "transcript discarded: recording replaced", metadata: metadata(recording, engine))
    }

    func standIn(_ recording: Recording, _ chosen: EngineName, engine: String) {
        logger.warning(
            "user's engine not configured, using the daemon's engine",
            metadata: [
                Key.recording: "\(recording.id)", Key.user: "\(recording.path.user)",
                Key.engine: "\(engine)", "chosen": "\(chosen.rawValue)",
            ])
    }

    func paused(engine: String, for pause: Duration, reason: String) {
        logger.warning(
            "engine paused",
            metadata: [
                Key.engine: "\(engine)", Key.cause: "\(reason)",
                Key.wait: "\(Self.rounded(pause.inSeconds))",
            ])
    }

    func resumed(engine: String, after outage: Duration) {
        logger.notice(
            "engine resumed",
            metadata: [Key.engine: "\(engine)", Key.seconds: "\(Self.rounded(outage.inSeconds))"])
    }

    /// Jobs that an earlier daemon left unfinished.
    func recovered(resumed: Int, failed: Int) {
        guard resumed + failed > 0 else { return }
        logger.notice(
            "recovered",
            metadata: ["resumed": "\(resumed)", "failed": "\(failed)"])
    }

    func catalogFailed(_ error: CatalogError) {
        catalogFailed(error, [:])
    }

    func catalogFailed(_ error: CatalogError, _ recording: Recording, engine: String) {
        catalogFailed(error, metadata(recording, engine))
    }

    private func catalogFailed(_ error: CatalogError, _ metadata: Logger.Metadata) {
        logger.error(
            error.isRetryable ? "catalog error, retrying" : "catalog error",
            metadata: metadata.merging([Key.cause: "\(error)"]) { $1 })
    }

    /// Two decimals.
    private static func rounded(_ value: Double) -> Double {
        (value * 100).rounded() / 100
    }
}
