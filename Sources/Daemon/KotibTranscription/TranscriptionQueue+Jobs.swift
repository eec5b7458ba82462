import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibPOSIX
import KotibRuntime
import KotibText

/// One job: from a row to the engine and back to the row.
extension TranscriptionQueue {
    enum Outcome: Sendable {
        case transcribed(TranscriptionResult, seconds: Double, ContentDoubt)
        /// Nobody knows what was heard: the file was changed meanwhile.
        case changed
        /// The same content has words already, and this recording now too.
        case reused(RecordingID)
        case gone
        case outOfReach
        case failed(EngineError)
    }

    func recover() async {
        do throws(CatalogError) {
            let recovered = try await catalog.recoverInterrupted(now: time.date())
            machine.recovered()
            logRecovery(resumed: recovered.resumed.count, failed: recovered.failed.count)
            for id in recovered.failed { await settled(id) }
        } catch {
            if machine.catalogFailed(now: elapsed()) { logTrouble(error) }
        }
    }

    /// The next recording for an engine, now in state `processing`; nil where nothing can start.
    func claim(_ lane: Int) async -> RecordingID? {
        let date = time.date()
        do throws(CatalogError) {
            let claim = try await catalog.claim(claimScope(of: lane), now: date)
            if isClaimStuck { stuck(nil) }
            isClaimStuck = false
            switch claim {
            case .nothing(let due):
                let wait = due.map { Duration.seconds(bounding: $0.timeIntervalSince(date)) }
                machine.foundNothing(nextDue: wait.map { elapsed() + $0 }, lane: lane)
            case .recording(let recording) where machine.isStopping:
                _ = try await catalog.handBack(recording.id, now: date)
            case .recording(let recording):
                machine.claimed(recording.id, lane: lane)
                let progress = JobProgress(
                    recording, started: date, elapsed: time.clock.stopwatch(), board: board)
                jobs[recording.id] = Job(recording: recording, lane: lane, progress: progress)
                progress.show()
                return recording.id
            }
        } catch {
            if machine.catalogFailed(now: elapsed()) { logTrouble(error) }
            if !isClaimStuck { stuck(error) }
            isClaimStuck = true
        }
        return nil
    }

    private func claimScope(of lane: Int) -> ClaimScope {
        lane == 0 ? .allBut(lanes.dropFirst().map(\.engine.name)) : .only(lanes[lane].engine.name)
    }

    /// Does the job, keeps its outcome, frees its slot.
    func perform(_ id: RecordingID) async {
        guard let job = jobs[id] else { return }
        let recording = job.recording
        // A task of its own, so that one job can be cancelled; it does not outlive this function.
        let attempt = Task { await self.attempt(recording, in: self.lanes[job.lane], job.progress) }
        jobs[id]?.attempt = attempt
        if job.isCancelled { attempt.cancel() }
        let outcome = await withTaskCancellationHandler {
            await attempt.value
        } onCancel: {
            attempt.cancel()
        }
        let wasCancelled = jobs[id]?.isCancelled == true || Task.isCancelled
        switch outcome {
        case .transcribed(let result, let seconds, let doubt):
            await keep(result, seconds, doubt, of: recording)
        case .changed:
            logChanged(recording)
            await putBack(recording, isGone: true)
        case .reused(let source): await finish(recording, reusing: source)
        case .gone:
            logGone(recording)
            await putBack(recording, isGone: true)
        case .outOfReach: await putBack(recording, due: time.date() + Self.outOfReachPause.inSeconds)
        case .failed(let error): await settle(error, of: recording, wasCancelled: wasCancelled)
        }
    }

    private nonisolated func attempt(
        _ recording: Recording, in lane: EngineLane, _ progress: JobProgress
    ) async -> Outcome {
        let file: OpenFile?
        do {
            file = try await open(recording)
        } catch is OutOfReach {
            return .outOfReach
        } catch {
            return .failed(.transient(message: .notOpened("\(error)"), retryAfter: nil))
        }
        guard let file, let facts = recording.facts else { return .gone }
        guard let doubtBefore = await check(file, recording) else { return .gone }
        let choices: RecordingChoices
        do throws(CatalogError) {
            choices = try await self.choices(recording)
        } catch {
            // Without them nobody knows whether the recording may leave this machine.
            return .failed(.transient(message: .settingsNotRead("\(error)"), retryAfter: nil))
        }
        if let refusal = refusal(of: recording, choices.engine, in: lane) { return .failed(refusal) }
        let language = choices.language.map(\.code) ?? lane.language
        if let source = await reuse(recording, language, in: lane) { return .reused(source) }
        let job = TranscriptionJob(
            recording: recording.id, file: file, size: recording.identity.size, duration: facts.duration,
            container: facts.container,
            fileExtension: RecordingEnding.fitting(facts.container, named: recording.fileExtension),
            language: language, channels: facts.channels, codec: facts.codec,
            isDoubtful: facts.warnings.contains { $0.code != .trackLeftOut })
        let start = elapsed()
        do throws(EngineError) {
            let result = try await lane.engine.transcribe(job, report: progress.note)
            let seconds = (elapsed() - start).inSeconds
            guard let doubt = await check(file, recording) else { return .changed }
            return .transcribed(result, seconds: seconds, max(doubtBefore, doubt))
        } catch {
            return .failed(error)
        }
    }

    /// Where the catalog cannot tell, the engine can.
    private nonisolated func reuse(
        _ recording: Recording, _ language: String?, in lane: EngineLane
    ) async -> RecordingID? {
        do throws(CatalogError) {
            return try await catalog.reuseWords(
                for: recording.id, of: options.reuse, engine: lane.engine.name,
                model: lane.engine.model, language: language, now: time.date())
        } catch {
            await logTrouble(error, recording)
            return nil
        }
    }

    /// No engine has answered: an outage goes on as it was.
    private func finish(_ recording: Recording, reusing source: RecordingID) async {
        logReused(recording, of: source)
        await settled(recording.id)
        ended(recording.id, .abandoned)
    }

    /// Nil where the lane's engine may have the recording.
    private nonisolated func refusal(
        of recording: Recording, _ chosen: EngineName?, in lane: EngineLane
    ) -> EngineError? {
        switch lane.fitness(for: chosen, among: lanes.map(\.engine.name)) {
        case .serves: return nil
        case .standsIn(let chosen):
            logStandIn(recording, chosen, in: lane)
            return nil
        case .isAnothers:
            return .transient(message: .engineChanged, retryAfter: nil)
        case .mayNot:
            return .permanent(message: .staysHere)
        }
    }

    private func keep(
        _ result: TranscriptionResult, _ seconds: Double, _ doubt: ContentDoubt, of recording: Recording
    ) async {
        let (catalog, date) = (catalog, time.date())
        let kept = await persist(recording) { () async throws(CatalogError) in
            try await catalog.complete(
                recording.id, transcript: result.transcript, speech: result.speech, warnings: result.warnings,
                engineSeconds: seconds, heard: recording.facts, doubt: doubt, now: date)
        }
        switch kept {
        case .recorded:
            logDone(recording, result, seconds: seconds)
            await settled(recording.id)
        case .superseded: logSuperseded(recording)
        case nil: break
        }
        ended(recording.id, .answered)
    }

    private func settle(_ error: EngineError, of recording: Recording, wasCancelled: Bool) async {
        var error = error
        if error == .cancelled && !wasCancelled {
            // Else it would be handed back and claimed again at once, for ever.
            error = .transient(message: .engineStopped, retryAfter: nil)
        }
        let verdict: RetryPolicy.Verdict =
            wasCancelled
            ? .handBack
            : options.retries.verdict(on: error, attempts: recording.attempts, using: &random)
        switch verdict {
        case .handBack: await putBack(recording, because: wasCancelled ? .cancelled : error)
        case .giveUp: await giveUp(recording, error)
        case .retry(let delay): await putOff(recording, error, by: delay)
        }
    }

    private func putBack(
        _ recording: Recording, isGone: Bool = false, due: Date? = nil,
        because error: EngineError = .cancelled
    ) async {
        let (catalog, date) = (catalog, time.date())
        _ = await persist(recording) { () async throws(CatalogError) in
            try await catalog.handBack(
                recording.id, isGoneFrom: isGone ? recording.path : nil, identity: recording.identity,
                due: due, now: date)
        }
        if case .unavailable(let message, let retryAfter) = error {
            ended(recording.id, .unavailable(retryAfter: retryAfter), reason: message)
        } else {
            ended(recording.id, .abandoned)
        }
    }

    private func giveUp(_ recording: Recording, _ error: EngineError) async {
        let (catalog, date) = (catalog, time.date())
        let message = error.message.text(in: options.messages)
        let kept = await persist(recording) { () async throws(CatalogError) in
            try await catalog.fail(recording.id, code: error.code, message: message, now: date)
        }
        if kept == .recorded {
            logFailed(recording, error)
            await settled(recording.id)
        }
        ended(recording.id, .answered)
    }

    private func putOff(_ recording: Recording, _ error: EngineError, by delay: Duration) async {
        let (catalog, date) = (catalog, time.date())
        let message = error.message.text(in: options.messages)
        let kept = await persist(recording) { () async throws(CatalogError) in
            try await catalog.retryLater(
                recording.id, due: date + delay.inSeconds, code: error.code, message: message, now: date)
        }
        if kept == .recorded { logRetry(recording, error, delay: delay) }
        ended(recording.id, .answered)
    }

    /// Tries until the catalog takes it: an hour's transcription is not thrown away because the disk is full for
    /// a minute. Nil where it never will, or the queue stops: then the row is recovered at the next start.
    private func persist(
        _ recording: Recording, _ body: @Sendable () async throws(CatalogError) -> JobEnd
    ) async -> JobEnd? {
        var failures = 0
        defer { if failures > 0 { stuck(nil) } }
        while true {
            do throws(CatalogError) {
                return try await body()
            } catch {
                if failures == 0 { logTrouble(error, recording) }
                guard error.isRetryable else { return await abandon(recording) }
                guard !machine.isStopping else { return nil }
                if failures == 0 { stuck(error) }
                let pause = Duration.seconds(1).doubled(times: failures, upTo: .seconds(8))
                failures += 1
                try? await time.clock.sleep(for: pause)
            }
        }
    }

    /// The catalog refuses the outcome itself, not only now.
    private func abandon(_ recording: Recording) async -> JobEnd? {
        let message = Sentence.notStored.text(in: options.messages)
        let ended = try? await catalog.fail(recording.id, code: "catalog", message: message, now: time.date())
        if ended == .recorded { await settled(recording.id) }
        return nil
    }
}

extension EngineError {
    /// Stands in the catalog and in logs.
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
