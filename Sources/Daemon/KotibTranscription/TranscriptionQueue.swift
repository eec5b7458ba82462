import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibRuntime
import KotibText
import Logging

/// The durable job queue: claims recordings from the catalog, a few at a time, and stores the words that the
/// engines give.
///
/// Waiting jobs are rows in the catalog, so a backlog costs no memory and survives a crash. Nothing polls:
/// the queue sleeps until a retry is due, a job ends, or ``wake()`` is called.
public actor TranscriptionQueue {
    public struct Options: Hashable, Sendable {
        /// The number of jobs at once of the first engine.
        var slots: Int
        /// The time that running jobs get after ``TranscriptionQueue/stop()``.
        var grace: Duration
        /// The language of the first engine: ISO 639-1, or nil to detect.
        var language: String?
        /// The recordings whose words may be reused for the same content.
        var reuse: ReuseScope
        var retries: RetryPolicy
        /// The accepted file name extensions.
        public var endings = AudioFileExtension.all
        /// The language of error messages in the catalog, as of notes.
        public var messages = Language.english

        public init(
            slots: Int = 1, grace: Duration = .seconds(20), language: String? = nil,
            reuse: ReuseScope = .none,
            retries: RetryPolicy = RetryPolicy()
        ) {
            self.slots = slots
            self.grace = grace
            self.language = language
            self.reuse = reuse
            self.retries = retries
        }
    }

    /// A wall clock and a monotonic clock. Injected, so that tests need not wait.
    public struct Time: Sendable {
        var date: @Sendable () -> Date
        var clock: any Clock<Duration>

        public init(
            clock: any Clock<Duration> = ContinuousClock(), date: @escaping @Sendable () -> Date = { Date() }
        ) {
            self.clock = clock
            self.date = date
        }
    }

    /// Opens the audio just before its job. Nil where it is gone, or is not the recording's any more (compare
    /// ``Recording/identity``): it is then marked gone until a scan finds it again.
    public typealias Opener = @Sendable (Recording) async throws -> OpenFile?
    /// Compares an open file with the accepted one, before and after its job. Nil where it was changed.
    public typealias Checker = @Sendable (OpenFile, Recording) async -> ContentDoubt?
    /// Called as a job starts, so that a change takes effect at the next one.
    public typealias JobSettingsProvider = @Sendable (Recording) async throws(CatalogError) -> JobSettings
    /// An ``Opener`` throws this for audio that cannot be reached now, such as on a file system that is not
    /// mounted: the recording waits, which costs it no attempt.
    public struct Unreachable: Error {
        public init() {}
    }

    /// Called when something begins to wait for the catalog, with the cause, and again, with nil, when it
    /// goes on.
    public typealias CatalogWait = @Sendable (CatalogError?) -> Void
    /// The delay before the next attempt at an unreachable recording.
    private static let unreachablePause = Duration.seconds(10)
    /// Called after each recording that was completed or failed: a text is due beside it.
    public typealias JobFinished = @Sendable (RecordingID) async -> Void

    private struct Job {
        var recording: Recording
        /// An index of ``TranscriptionQueue/lanes``.
        var lane: Int
        var progress: JobProgress
        var attempt: Task<JobAttempt.Outcome, Never>?
        var isCancelled = false
    }

    private let catalog: Catalog
    /// The first is for all users who were not given another one.
    private let lanes: [EngineLane]
    private let options: Options
    private let time: Time
    private let open: Opener
    private let check: Checker
    private let onJobFinished: JobFinished
    private let jobSettings: JobSettingsProvider
    private let onCatalogWait: CatalogWait
    private var isClaimStuck = false
    private let log: TranscriptionLog
    private let elapsed: @Sendable () -> Duration
    private var random: any RandomNumberGenerator & Sendable
    private var machine: QueueStateMachine
    private var jobs: [RecordingID: Job] = [:]
    private let board = ProgressBoard()
    private var pauseMessages: [Int: Sentence] = [:]
    /// Callers of ``end(_:)``.
    private var endings: [RecordingID: [CheckedContinuation<Void, Never>]] = [:]
    private var waiter: CheckedContinuation<Void, Never>?

    /// - Parameter others: engines that users may be given instead of `engine`.
    public init(
        catalog: Catalog, engine: any TranscriptionEngine, others: [EngineLane] = [],
        options: Options = Options(), time: Time = Time(),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(), log: Logger,
        open: @escaping Opener, check: @escaping Checker = { _, _ in ContentDoubt.none },
        onJobFinished: @escaping JobFinished,
        jobSettings: @escaping JobSettingsProvider = { _ in JobSettings() },
        onCatalogWait: @escaping CatalogWait = { _ in }
    ) {
        self.catalog = catalog
        lanes = [EngineLane(engine: engine, slots: options.slots, language: options.language)] + others
        self.options = options
        self.time = time
        self.random = random
        self.log = TranscriptionLog(logger: log, endings: options.endings)
        self.open = open
        self.check = check
        self.onJobFinished = onJobFinished
        self.jobSettings = jobSettings
        self.onCatalogWait = onCatalogWait
        elapsed = time.clock.stopwatch()
        machine = QueueStateMachine(slots: lanes.map(\.slots))
    }

    /// Runs until ``stop()``, or until the task is cancelled; returns when no job runs any more. First hands
    /// back the recordings that an earlier daemon left in processing. To be called once.
    public func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                while true {
                    switch machine.step(now: elapsed()) {
                    case .recover: await recover()
                    case .claim(let lane):
                        guard let id = await claim(lane) else { continue }
                        group.addTask { await self.perform(id) }
                    case .wait(let until): await wait(until: until)
                    case .cancelRunning: for id in machine.running { cancel(id) }
                    case .end: return
                    }
                }
            }
        } onCancel: {
            Task { await self.stop(grace: .zero) }
        }
        board.close()
    }

    /// Looks for recordings that can start: rows were added, or became pending again.
    public func wake() {
        machine.rowsAdded()
        resume()
    }

    /// Starts no more jobs. Running jobs may finish within ``Options/grace``, then are cancelled and handed
    /// back.
    public func stop() {
        stop(grace: options.grace)
    }

    private func stop(grace: Duration) {
        machine.stop(deadline: elapsed() + grace)
        resume()
    }

    /// Cancels a recording's job, if it has one: its audio was replaced or is gone.
    public func cancel(_ id: RecordingID) {
        jobs[id]?.isCancelled = true
        jobs[id]?.attempt?.cancel()
    }

    /// As ``cancel(_:)``, and returns once the job is over and writes no text any more.
    public func cancelAndWait(_ id: RecordingID) async {
        guard jobs[id] != nil else { return }
        cancel(id)
        await withCheckedContinuation { endings[id, default: []].append($0) }
    }

    /// The running jobs, oldest recording first.
    public func running() -> [RunningJob] {
        jobs.values.map { $0.progress.snapshot() }.sorted { $0.recording.rawValue < $1.recording.rawValue }
    }

    /// The progress of jobs from now on: each as it starts, then about twice a second while it changes. A
    /// slow reader gets the newest. A job's end is an event of the catalog; the stream ends with the queue.
    public nonisolated func progress() -> AsyncStream<RunningJob> {
        board.follow()
    }

    /// The outage of an engine; nil while all are in service.
    public func enginePause() -> EnginePause? {
        for lane in lanes.indices {
            guard let until = machine.breaker(of: lane).pausedUntil else { continue }
            let (name, message) = (lanes[lane].engine.name, pauseMessages[lane] ?? .engineStopped)
            return EnginePause(
                message: lanes.count == 1 ? message : Sentence { "\(name): \(message.text(in: $0))" },
                remaining: max(.zero, until - elapsed()))
        }
        return nil
    }

    // MARK: Jobs

    private func recover() async {
        do throws(CatalogError) {
            let message = Sentence.interrupted(JobStore.maxInterruptions + 1).text(in: options.messages)
            let recovered = try await catalog.jobs.recoverInterrupted(message: message, now: time.date())
            machine.recovered()
            log.recovered(resumed: recovered.resumed.count, failed: recovered.failed.count)
            for id in recovered.failed { await onJobFinished(id) }
        } catch {
            if machine.catalogFailed(now: elapsed()) { log.catalogFailed(error) }
        }
    }

    /// The next recording for an engine, now in state `processing`; nil where none can start.
    private func claim(_ lane: Int) async -> RecordingID? {
        let date = time.date()
        do throws(CatalogError) {
            let claim = try await catalog.jobs.claim(claimScope(of: lane), now: date)
            if isClaimStuck { onCatalogWait(nil) }
            isClaimStuck = false
            switch claim {
            case .nothing(let due):
                let wait = due.map { Duration.seconds(bounding: $0.timeIntervalSince(date)) }
                machine.foundNothing(nextDue: wait.map { elapsed() + $0 }, lane: lane)
            case .recording(let recording) where machine.isStopping:
                _ = try await catalog.jobs.handBack(recording.id, now: date)
            case .recording(let recording):
                machine.claimed(recording.id, lane: lane)
                let progress = JobProgress(
                    recording, started: date, elapsed: time.clock.stopwatch(), board: board)
                jobs[recording.id] = Job(recording: recording, lane: lane, progress: progress)
                progress.show()
                return recording.id
            }
        } catch {
            if machine.catalogFailed(now: elapsed()) { log.catalogFailed(error) }
            if !isClaimStuck { onCatalogWait(error) }
            isClaimStuck = true
        }
        return nil
    }

    private func claimScope(of lane: Int) -> ClaimScope {
        lane == 0 ? .allBut(lanes.dropFirst().map(\.engine.name)) : .only(lanes[lane].engine.name)
    }

    /// Runs the job, stores its outcome, frees its slot.
    private func perform(_ id: RecordingID) async {
        guard let job = jobs[id] else { return }
        let recording = job.recording
        let attempt = attempt(in: lanes[job.lane])
        // A task of its own, so that one job can be cancelled; it does not outlive this function.
        let task = Task { await attempt.run(recording, job.progress) }
        jobs[id]?.attempt = task
        if job.isCancelled { task.cancel() }
        let outcome = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        let wasCancelled = jobs[id]?.isCancelled == true || Task.isCancelled
        let (end, reason) = await store(
            outcome, of: recording, engine: lanes[job.lane].engine.name, wasCancelled: wasCancelled)
        ended(id, end, reason: reason)
    }

    private func attempt(in lane: EngineLane) -> JobAttempt {
        JobAttempt(
            catalog: catalog, lane: lane, engines: lanes.map(\.engine.name), reuse: options.reuse, open: open,
            check: check, jobSettings: jobSettings, date: time.date, elapsed: elapsed, log: log)
    }

    private func store(
        _ outcome: JobAttempt.Outcome, of recording: Recording, engine: String, wasCancelled: Bool
    ) async -> (QueueStateMachine.End, reason: Sentence?) {
        let recorder = OutcomeRecorder(
            catalog: catalog, time: time, log: log, onJobFinished: onJobFinished,
            onCatalogWait: onCatalogWait,
            language: options.messages, isStopping: { await self.machine.isStopping })
        switch outcome {
        case .transcribed(let result, let seconds, let doubt):
            await recorder.complete(recording, result, seconds: seconds, doubt, engine: engine)
            return (.answered, nil)
        case .changed:
            log.changed(recording, engine: engine)
            await recorder.handBack(recording, isGone: true, engine: engine)
        case .reused(let source):
            // The engine was not asked: an outage of it goes on.
            log.reused(recording, of: source, engine: engine)
            await onJobFinished(recording.id)
        case .gone:
            log.gone(recording, engine: engine)
            await recorder.handBack(recording, isGone: true, engine: engine)
        case .outOfReach:
            let due = time.date() + Self.unreachablePause.inSeconds
            await recorder.handBack(recording, due: due, engine: engine)
        case .failed where wasCancelled:
            await recorder.handBack(recording, engine: engine)
        case .failed(let error):
            return await store(error, of: recording, engine: engine, in: recorder)
        }
        return (.abandoned, nil)
    }

    private func store(
        _ error: EngineError, of recording: Recording, engine: String, in recorder: OutcomeRecorder
    ) async -> (QueueStateMachine.End, reason: Sentence?) {
        var error = error
        if error == .cancelled {
            // Nobody cancelled it. Handed back, it would be claimed again at once, for ever.
            error = .transient(message: .engineStopped, retryAfter: nil)
        }
        switch options.retries.verdict(on: error, attempts: recording.attempts, using: &random) {
        case .handBack:
            await recorder.handBack(recording, engine: engine)
            guard case .unavailable(let message, let retryAfter) = error else { return (.abandoned, nil) }
            return (.unavailable(retryAfter: retryAfter), message)
        case .giveUp: await recorder.fail(recording, error, engine: engine)
        case .retry(let delay): await recorder.retryLater(recording, error, after: delay, engine: engine)
        }
        return (.answered, nil)
    }

    /// Frees the slot of a job that has ended.
    private func ended(_ id: RecordingID, _ end: QueueStateMachine.End, reason: Sentence?) {
        let lane = jobs.removeValue(forKey: id)?.lane ?? 0
        for waiting in endings.removeValue(forKey: id) ?? [] { waiting.resume() }
        let engine = lanes[lane].engine.name
        switch machine.ended(id, end, now: elapsed()) {
        case .opened(let pause): log.paused(engine: engine, for: pause, reason: reason?.english ?? "")
        case .closed(let outage): log.resumed(engine: engine, after: outage)
        case nil: break
        }
        if case .unavailable = end { pauseMessages[lane] = reason }
        resume()
    }

    // MARK: Waiting

    /// Nothing happens between the step that asked for this and the registration: both run on the actor.
    private func wait(until deadline: Duration?) async {
        let alarm = deadline.map { deadline in
            Task {
                try? await time.clock.sleep(for: max(.milliseconds(1), deadline - elapsed()))
                if !Task.isCancelled { resume() }
            }
        }
        await withCheckedContinuation { waiter = $0 }
        alarm?.cancel()
    }

    private func resume() {
        waiter?.resume()
        waiter = nil
    }
}
