import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibRuntime
import KotibText

/// Writes the outcomes of jobs into the catalog, and logs them.
///
/// Retries until the catalog takes an outcome: an hour's transcription is not thrown away because the disk is
/// full for a minute. An outcome that it refuses for good fails the recording. Gives up where the queue
/// stops: the row is then recovered at the next start.
struct OutcomeRecorder: Sendable {
    let catalog: Catalog
    let time: TranscriptionQueue.Time
    let log: TranscriptionLog
    let onJobFinished: TranscriptionQueue.JobFinished
    let onCatalogWait: TranscriptionQueue.CatalogWait
    /// The language of error messages in the catalog.
    let language: Language
    let isStopping: @Sendable () async -> Bool

    func complete(
        _ recording: Recording, _ result: TranscriptionResult, seconds: Double, _ doubt: ContentDoubt,
        engine: String
    ) async {
        let (catalog, date) = (catalog, time.date())
        let end = await persist(recording, engine) { () async throws(CatalogError) in
            try await catalog.jobs.complete(
                recording.id, transcript: result.transcript, isLanguageGiven: result.isLanguageGiven,
                speech: result.speech, warnings: result.warnings, engineSeconds: seconds,
                modelHash: result.modelHash, heard: recording.facts, doubt: doubt, now: date)
        }
        switch end {
        case .recorded:
            log.transcribed(recording, result, seconds: seconds, engine: engine)
            await onJobFinished(recording.id)
        case .superseded: log.superseded(recording, engine: engine)
        case nil: break
        }
    }

    /// Makes the recording pending again, as if its job had not been started.
    func handBack(_ recording: Recording, isGone: Bool = false, due: Date? = nil, engine: String) async {
        let (catalog, date) = (catalog, time.date())
        _ = await persist(recording, engine) { () async throws(CatalogError) in
            try await catalog.jobs.handBack(
                recording.id, isGoneFrom: isGone ? recording.path : nil, identity: recording.identity,
                due: due, now: date)
        }
    }

    func fail(_ recording: Recording, _ error: EngineError, engine: String) async {
        let (catalog, date) = (catalog, time.date())
        let message = error.message.text(in: language)
        let end = await persist(recording, engine) { () async throws(CatalogError) in
            try await catalog.jobs.fail(
                recording.id, code: error.code, message: message, heard: recording.facts, now: date)
        }
        guard end == .recorded else { return }
        log.failed(recording, error, engine: engine)
        await onJobFinished(recording.id)
    }

    func retryLater(
        _ recording: Recording, _ error: EngineError, after delay: Duration, engine: String
    ) async {
        let (catalog, date) = (catalog, time.date())
        let message = error.message.text(in: language)
        let end = await persist(recording, engine) { () async throws(CatalogError) in
            try await catalog.jobs.retryLater(
                recording.id, due: date + delay.inSeconds, code: error.code, message: message, now: date)
        }
        if end == .recorded { log.retrying(recording, error, after: delay, engine: engine) }
    }

    /// - Returns: nil where the catalog refused it for good, or the queue stops.
    private func persist(
        _ recording: Recording, _ engine: String, _ body: @Sendable () async throws(CatalogError) -> JobEnd
    ) async -> JobEnd? {
        var failures = 0
        defer { if failures > 0 { onCatalogWait(nil) } }
        while true {
            do throws(CatalogError) {
                return try await body()
            } catch {
                if failures == 0 { log.catalogFailed(error, recording, engine: engine) }
                guard error.isRetryable else { return await abandon(recording) }
                guard await !isStopping() else { return nil }
                if failures == 0 { onCatalogWait(error) }
                let pause = Duration.seconds(1).doubled(times: failures, upTo: .seconds(8))
                failures += 1
                try? await time.clock.sleep(for: pause)
            }
        }
    }

    private func abandon(_ recording: Recording) async -> JobEnd? {
        let message = Sentence.notStored.text(in: language)
        let ended = try? await catalog.jobs.fail(
            recording.id, code: "catalog", message: message, now: time.date())
        if ended == .recorded { await onJobFinished(recording.id) }
        return nil
    }
}

extension EngineError {
    /// The code in the catalog and in logs.
    var code: String {
        switch self {
        case .transient: "transient"
        case .permanent: "permanent"
        case .poison: "poison"
        case .unavailable: "unavailable"
        case .cancelled: "cancelled"
        }
    }

    var message: Sentence {
        switch self {
        case .transient(let message, _), .permanent(let message), .poison(let message),
            .unavailable(let message, _):
            message
        case .cancelled: .cancelled
        }
    }
}
