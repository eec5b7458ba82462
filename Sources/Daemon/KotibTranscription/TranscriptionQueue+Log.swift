import KotibCatalog
import KotibModel
import Logging

/// What the queue tells its log: one line for each recording that ends, one for each outage.
extension TranscriptionQueue {
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
        /// Seconds in which somebody spoke.
        static let speech = "speech"
        /// 0 where nobody spoke.
        static let words = "words"
        /// Codes of ``RecordingWarning`` and ``WrongEnding`` with commas between.
        static let warnings = "warnings"
        static let attempt = "attempt"
        /// The recording whose words serve for another.
        static let source = "source"
        static let cause = "cause"
        static let code = "code"
        /// Seconds until the next attempt or probe.
        static let wait = "wait"
    }

    private func metadata(_ recording: Recording) -> Logger.Metadata {
        [
            Key.user: "\(ByteText.escaped(recording.path.user))", Key.file: "\(recording.path.text)",
            Key.recording: "\(recording.id)", Key.size: "\(recording.identity.size)",
            Key.duration: "\(Self.rounded(recording.facts?.duration ?? 0))",
            Key.engine: "\(lanes[jobs[recording.id]?.lane ?? 0].engine.name)",
        ]
    }

    func logDone(_ recording: Recording, _ result: TranscriptionResult, seconds: Double) {
        var metadata = metadata(recording)
        metadata[Key.model] = "\(result.transcript.model)"
        metadata[Key.seconds] = "\(Self.rounded(seconds))"
        if let duration = recording.facts?.duration, duration > 0 {
            metadata[Key.realTimeFactor] = "\(Self.rounded(seconds / duration))"
        }
        if let speech = result.speech { metadata[Key.speech] = "\(Self.rounded(speech))" }
        metadata[Key.words] = "\(result.transcript.text.split(whereSeparator: \.isWhitespace).count)"
        var warnings = ((recording.facts?.warnings ?? []) + result.warnings).map(\.code.rawValue)
        if recording.wrongEnding != nil { warnings.append(WrongEnding.code) }
        if !warnings.isEmpty { metadata[Key.warnings] = "\(warnings.joined(separator: ","))" }
        log.info("transcribed", metadata: metadata)
    }

    func logReused(_ recording: Recording, of source: RecordingID) {
        var metadata = metadata(recording)
        metadata[Key.source] = "\(source)"
        log.info("transcript reused: the same content has words already", metadata: metadata)
    }

    func logRetry(_ recording: Recording, _ error: EngineError, delay: Duration) {
        var metadata = metadata(recording, error)
        metadata[Key.wait] = "\(Self.rounded(delay.inSeconds))"
        log.warning("retry later", metadata: metadata)
    }

    func logFailed(_ recording: Recording, _ error: EngineError) {
        log.error("transcription failed", metadata: metadata(recording, error))
    }

    private func metadata(_ recording: Recording, _ error: EngineError) -> Logger.Metadata {
        var metadata = metadata(recording)
        metadata[Key.attempt] = "\(recording.attempts)"
        metadata[Key.code] = "\(error.code)"
        metadata[Key.cause] = "\(error.message)"
        return metadata
    }

    func logGone(_ recording: Recording) {
        log.info("not transcribed: the file is gone or has changed", metadata: metadata(recording))
    }

    func logChanged(_ recording: Recording) {
        log.warning(
            "transcript dropped: the file was changed while it was transcribed",
            metadata: metadata(recording))
    }

    func logSuperseded(_ recording: Recording) {
        log.info("transcript dropped: the recording was replaced meanwhile", metadata: metadata(recording))
    }

    nonisolated func logStandIn(_ recording: Recording, _ chosen: EngineName, in lane: EngineLane) {
        log.warning(
            "the user's engine is not configured; the daemon's is used",
            metadata: [
                Key.recording: "\(recording.id)", Key.user: "\(ByteText.escaped(recording.path.user))",
                Key.engine: "\(lane.engine.name)", "chosen": "\(chosen.rawValue)",
            ])
    }

    func logPause(of lane: EngineLane, _ pause: Duration, reason: String) {
        log.warning(
            "engine paused",
            metadata: [
                Key.engine: "\(lane.engine.name)", Key.cause: "\(reason)",
                Key.wait: "\(Self.rounded(pause.inSeconds))",
            ])
    }

    func logResumption(of lane: EngineLane, after outage: Duration) {
        log.notice(
            "engine resumed",
            metadata: [Key.engine: "\(lane.engine.name)", Key.seconds: "\(Self.rounded(outage.inSeconds))"])
    }

    func logRecovery(resumed: Int, failed: Int) {
        guard resumed + failed > 0 else { return }
        log.notice(
            "recovered",
            metadata: ["resumed": "\(resumed)", "failed": "\(failed)"])
    }

    func logTrouble(_ error: CatalogError, _ recording: Recording? = nil) {
        log.error(
            "the catalog does not take it\(error.isRetryable ? ", will be tried again" : "")",
            metadata: (recording.map(metadata) ?? [:]).merging([Key.cause: "\(error)"]) { $1 })
    }

    /// Two decimals.
    private static func rounded(_ value: Double) -> Double {
        (value * 100).rounded() / 100
    }
}
