import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibText

/// One attempt to transcribe a recording: opens the audio, chooses the language, and hands the file to the
/// engine.
struct JobAttempt: Sendable {
    enum Outcome: Sendable {
        case transcribed(TranscriptionResult, seconds: Double, ContentDoubt)
        /// The file was changed during the attempt, so the words may be of neither version.
        case changed
        /// This recording was given the words of another with the same content.
        case reused(RecordingID)
        case gone
        case outOfReach
        case failed(EngineError)
    }

    let catalog: Catalog
    let lane: EngineLane
    /// The names of all engines that the queue has.
    let engines: [String]
    let reuse: ReuseScope
    let open: TranscriptionQueue.Opener
    let check: TranscriptionQueue.Checker
    let jobSettings: TranscriptionQueue.JobSettingsProvider
    let date: @Sendable () -> Date
    let elapsed: @Sendable () -> Duration
    let log: TranscriptionLog

    func run(_ recording: Recording, _ progress: JobProgress) async -> Outcome {
        let file: OpenFile?
        do {
            file = try await open(recording)
        } catch is TranscriptionQueue.Unreachable {
            return .outOfReach
        } catch {
            return .failed(.transient(message: .notOpened("\(error)"), retryAfter: nil))
        }
        guard let file, let facts = recording.facts else { return .gone }
        guard let doubtBefore = await check(file, recording) else { return .gone }
        let jobSettings: JobSettings
        let isBeginning: Bool
        do throws(CatalogError) {
            jobSettings = try await self.jobSettings(recording)
            isBeginning = try await self.isBeginning(recording, of: file)
        } catch {
            // The settings say whether the recording may leave this machine.
            return .failed(.transient(message: .settingsNotRead("\(error)"), retryAfter: nil))
        }
        if let refusal = refusal(of: recording, jobSettings.engine) { return .failed(refusal) }
        let language = jobSettings.language.map(\.code) ?? lane.language
        if let source = await reusedSource(recording, language) { return .reused(source) }
        let job = TranscriptionJob(
            recording: recording.id, file: file, size: recording.identity.size, duration: facts.duration,
            container: facts.container,
            fileExtension: AudioFileExtension.fitting(facts.container, named: recording.fileExtension),
            language: language, channels: facts.channels, codec: facts.codec,
            isDoubtful: !facts.warnings.isEmpty || facts.isPatched, isBeginning: isBeginning)
        let start = elapsed()
        do throws(EngineError) {
            var result = try await lane.engine.transcribe(job, report: progress.note)
            result.isLanguageGiven = language != nil
            let seconds = (elapsed() - start).inSeconds
            guard let doubt = await check(file, recording) else { return .changed }
            return .transcribed(result, seconds: seconds, max(doubtBefore, doubt))
        } catch {
            return .failed(error)
        }
    }

    /// Whether the file is longer than what was accepted: the added part waits for room, is refused, or was
    /// not inspected yet.
    private func isBeginning(_ recording: Recording, of file: OpenFile) async throws(CatalogError) -> Bool {
        let size = await BlockingWork.run { (try? FileStatus(of: file))?.identity.size ?? 0 }
        if size > recording.identity.size || recording.hasRefusedGrowth { return true }
        return try await catalog.quotas.waitsToGrow(recording.id)
    }

    /// The recording whose words this one was given. Nil where there is none, or the catalog fails: the
    /// engine transcribes it then.
    private func reusedSource(_ recording: Recording, _ language: String?) async -> RecordingID? {
        guard reuse != .none, let model = await lane.engine.modelIdentity() else { return nil }
        do throws(CatalogError) {
            return try await catalog.reuse.complete(
                for: recording.id, of: reuse, engine: lane.engine.name, model: model, language: language,
                now: date())
        } catch {
            log.catalogFailed(error, recording, engine: lane.engine.name)
            return nil
        }
    }

    /// Nil where the lane's engine may have the recording.
    private func refusal(of recording: Recording, _ chosen: EngineName?) -> EngineError? {
        switch lane.eligibility(for: chosen, among: engines) {
        case .serves: return nil
        case .fallback(let chosen):
            log.standIn(recording, chosen, engine: lane.engine.name)
            return nil
        case .reassigned:
            return .transient(message: .engineChanged, retryAfter: nil)
        case .forbidden:
            return .permanent(message: .staysHere)
        }
    }
}
