import FoundationEssentials
import KotibCatalog
import KotibHealth
import KotibModel
import KotibPOSIX
import KotibRuntime
import KotibText
import Logging

/// Takes recordings from the catalog to the engine and their words back, a few at a time.
///
/// What waits are rows, not objects, so a backlog costs no memory and survives a crash. Nothing polls: the
/// queue sleeps until a retry is due, a job ends, or ``wake()`` tells of new rows.
public actor TranscriptionQueue {
    public struct Options: Hashable, Sendable {
        /// Jobs at once of the first engine.
        public var slots: Int
        /// What a job that runs may still take after ``TranscriptionQueue/stop()``.
        public var grace: Duration
        /// Of the first engine: ISO 639-1, or nil to detect.
        public var language: String?
        /// Whose words serve for the same content, heard once.
        public var reuse: WordsReuse
        public var retries: RetryPolicy
        /// Of what is kept about recordings that failed, as notes are.
        public var messages = Language.english

        public init(
            slots: Int = 1, grace: Duration = .seconds(20), language: String? = nil,
            reuse: WordsReuse = .none,
            retries: RetryPolicy = RetryPolicy()
        ) {
            self.slots = slots
            self.grace = grace
            self.language = language
            self.reuse = reuse
            self.retries = retries
        }
    }

    /// The time by the wall, and one that nobody can set. Injected, so that tests need not wait.
    public struct Time: Sendable {
        public var date: @Sendable () -> Date
        public var clock: any Clock<Duration>

        public init(
            clock: any Clock<Duration> = ContinuousClock(), date: @escaping @Sendable () -> Date = { Date() }
        ) {
            self.clock = clock
            self.date = date
        }
    }

    /// Opens the audio just before its job. Nil where it is not there any more, or is not the recording's any
    /// more (compare ``Recording/identity``): it is then marked gone until a scan finds it again.
    public typealias Opener = @Sendable (Recording) async throws -> OpenFile?
    /// Compares an open file with what was accepted, before and after its job. Nil where it is not that any more.
    public typealias Checker = @Sendable (OpenFile, Recording) async -> ContentDoubt?
    /// Asked as a job starts, so that a change holds for what comes then.
    public typealias Choices = @Sendable (Recording) async throws(CatalogError) -> RecordingChoices
    /// What an ``Opener`` throws for audio that cannot be reached now and will be again, such as on a file system
    /// that is not mounted: the recording waits, which costs it no attempt.
    public struct OutOfReach: Error {
        public init() {}
    }

    /// Told when something begins to wait for the catalog, with the cause, and once more, with nil, when it goes on.
    public typealias Stuck = @Sendable (CatalogError?) -> Void
    /// How long a recording out of reach waits.
    static let outOfReachPause = Duration.seconds(10)
    /// Told after each recording that was completed or failed: something is due beside it.
    public typealias Settled = @Sendable (RecordingID) async -> Void

    struct Job {
        var recording: Recording
        /// An index of ``TranscriptionQueue/lanes``.
        var lane: Int
        var progress: JobProgress
        var attempt: Task<Outcome, Never>?
        var isCancelled = false
    }

    let catalog: Catalog
    /// The first is for all whose engine is no other.
    let lanes: [EngineLane]
    let options: Options
    let time: Time
    let open: Opener
    let check: Checker
    let settled: Settled
    let choices: Choices
    let stuck: Stuck
    var isClaimStuck = false
    let log: Logger
    let elapsed: @Sendable () -> Duration
    var random: any RandomNumberGenerator & Sendable
    var machine: StateMachine
    var jobs: [RecordingID: Job] = [:]
    let board = ProgressBoard()
    private var pauseMessages: [Int: Sentence] = [:]
    /// Who waits for the end of a job.
    private var endings: [RecordingID: [CheckedContinuation<Void, Never>]] = [:]
    private var waiter: CheckedContinuation<Void, Never>?

    /// - Parameter others: engines that users may be given instead of `engine`.
    public init(
        catalog: Catalog, engine: any TranscriptionEngine, others: [EngineLane] = [],
        options: Options = Options(), time: Time = Time(),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(), log: Logger,
        open: @escaping Opener, check: @escaping Checker = { _, _ in ContentDoubt.none },
        settled: @escaping Settled,
        choices: @escaping Choices = { _ in RecordingChoices() }, stuck: @escaping Stuck = { _ in }
    ) {
        self.catalog = catalog
        lanes = [EngineLane(engine: engine, slots: options.slots, language: options.language)] + others
        self.options = options
        self.time = time
        self.random = random
        self.log = log
        self.open = open
        self.check = check
        self.settled = settled
        self.choices = choices
        self.stuck = stuck
        elapsed = time.clock.stopwatch()
        machine = StateMachine(slots: lanes.map(\.slots))
    }

    /// Works until ``stop()``, or until the task is cancelled; returns when no job runs any more. First puts back
    /// what an earlier daemon left in processing. To be called once.
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

    /// Rows were added, or came back: there may be something to do.
    public func wake() {
        machine.rowsAdded()
        resume()
    }

    /// Starts nothing more. What runs may finish within the grace, then is cancelled and handed back.
    public func stop() {
        stop(grace: options.grace)
    }

    private func stop(grace: Duration) {
        machine.stop(deadline: elapsed() + grace)
        resume()
    }

    /// Ends a recording's job, if it has one: its audio was replaced or went.
    public func cancel(_ id: RecordingID) {
        jobs[id]?.isCancelled = true
        jobs[id]?.attempt?.cancel()
    }

    /// As ``cancel(_:)``, and returns once the job is over: it writes no text any more.
    public func end(_ id: RecordingID) async {
        guard jobs[id] != nil else { return }
        cancel(id)
        await withCheckedContinuation { endings[id, default: []].append($0) }
    }

    /// What is being transcribed now, oldest recording first.
    public func running() -> [RunningJob] {
        jobs.values.map { $0.progress.snapshot() }.sorted { $0.recording.rawValue < $1.recording.rawValue }
    }

    /// How the jobs go on from now: each as it starts, then about twice a second while it says something new. Who
    /// is slow gets the newest. A job's end is an event of the catalog; the stream ends with the queue.
    public nonisolated func progress() -> AsyncStream<RunningJob> {
        board.follow()
    }

    /// Why nothing starts, while an engine is out of service.
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

    /// Frees the slot of a job that has ended.
    func ended(_ id: RecordingID, _ end: StateMachine.End, reason: Sentence? = nil) {
        let lane = jobs.removeValue(forKey: id)?.lane ?? 0
        for waiting in endings.removeValue(forKey: id) ?? [] { waiting.resume() }
        switch machine.ended(id, end, now: elapsed()) {
        case .opened(let pause): logPause(of: lanes[lane], pause, reason: reason?.english ?? "")
        case .closed(let outage): logResumption(of: lanes[lane], after: outage)
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
