import KotibModel
import KotibRuntime

/// Decides the next step of the queue from the events that it was told. Times are those of one monotonic
/// clock.
struct QueueStateMachine: Sendable {
    enum Step: Hashable {
        /// Make the recordings pending again that an earlier daemon left in processing.
        case recover
        /// Ask the catalog for one recording for this engine.
        case claim(lane: Int)
        /// Wait for the next event, at most until this time.
        case wait(until: Duration?)
        case cancelRunning
        case end
    }

    /// The end of a job, as far as the next steps depend on it.
    enum End: Hashable {
        /// The engine returned words, or an error that is about this recording.
        case answered
        case unavailable(retryAfter: Duration?)
        /// Cancelled, or the audio was gone.
        case abandoned
    }

    private struct Stop {
        var deadline: Duration
        var isForced = false
    }

    /// The state of one engine.
    private struct Lane {
        let slots: Int
        var breaker: CircuitBreaker
        var running: Set<RecordingID> = []
        /// False after the catalog had nothing, until something may have changed.
        var mayHaveWork = true
        /// The time of the next retry that is due.
        var nextDue: Duration?

        enum Step {
            case claim
            case wait(until: Duration?)
        }

        mutating func step(now: Duration) -> Step {
            if running.count >= slots { return .wait(until: nil) }
            switch breaker.permission(now: now) {
            case .granted: break
            case .wait(let until): return .wait(until: until)
            case .waitForProbe: return .wait(until: nil)
            }
            if let nextDue, nextDue <= now { mayHaveWork = true }
            guard mayHaveWork else { return .wait(until: nextDue) }
            // Set before the catalog is asked: rows added meanwhile set it again.
            mayHaveWork = false
            nextDue = nil
            return .claim
        }
    }

    private var lanes: [Lane]
    private var mustRecover = true
    /// No step before this time, after the catalog failed.
    private var notBefore: Duration?
    private var catalogFailures = 0
    private var stop: Stop?

    /// - Parameter slots: the number of jobs at once of each engine.
    init(slots: [Int], breaker: CircuitBreaker = CircuitBreaker()) {
        lanes = slots.map { Lane(slots: max(1, $0), breaker: breaker) }
    }

    var running: Set<RecordingID> { lanes.reduce(into: []) { $0.formUnion($1.running) } }

    func breaker(of lane: Int) -> CircuitBreaker { lanes[lane].breaker }

    var isStopping: Bool { stop != nil }

    mutating func step(now: Duration) -> Step {
        if stop != nil { return stepWhileStopping(now) }
        if let notBefore, now < notBefore { return .wait(until: notBefore) }
        if mustRecover { return .recover }
        var first: Duration?
        for index in lanes.indices {
            switch lanes[index].step(now: now) {
            case .claim: return .claim(lane: index)
            case .wait(let until): first = [first, until].compactMap(\.self).min()
            }
        }
        return .wait(until: first)
    }

    private mutating func stepWhileStopping(_ now: Duration) -> Step {
        guard let stop, !running.isEmpty else { return .end }
        if stop.isForced { return .wait(until: nil) }
        if now < stop.deadline { return .wait(until: stop.deadline) }
        self.stop?.isForced = true
        return .cancelRunning
    }

    mutating func rowsAdded() {
        for index in lanes.indices { lanes[index].mayHaveWork = true }
    }

    mutating func recovered() {
        mustRecover = false
        catalogAnswered()
    }

    mutating func claimed(_ id: RecordingID, lane: Int) {
        catalogAnswered()
        lanes[lane].running.insert(id)
        lanes[lane].breaker.started()
        lanes[lane].mayHaveWork = true
    }

    mutating func foundNothing(nextDue due: Duration?, lane: Int) {
        catalogAnswered()
        lanes[lane].nextDue = due
    }

    /// The catalog is asked again after a pause.
    /// - Returns: whether this is the first failure of an outage, which is logged.
    mutating func catalogFailed(now: Duration) -> Bool {
        let pause = Duration.seconds(1).doubled(times: catalogFailures, upTo: .seconds(8))
        notBefore = now + pause
        catalogFailures += 1
        rowsAdded()
        return catalogFailures == 1
    }

    private mutating func catalogAnswered() {
        catalogFailures = 0
        notBefore = nil
    }

    mutating func ended(_ id: RecordingID, _ end: End, now: Duration) -> CircuitBreaker.Transition? {
        // A job that was handed back may go to another engine next time.
        rowsAdded()
        guard let index = lanes.firstIndex(where: { $0.running.contains(id) }) else { return nil }
        lanes[index].running.remove(id)
        switch end {
        case .answered: return lanes[index].breaker.answered(now: now)
        case .unavailable(let retryAfter):
            return lanes[index].breaker.failed(retryAfter: retryAfter, now: now)
        case .abandoned:
            lanes[index].breaker.abandoned(now: now)
            return nil
        }
    }

    /// No more claims; running jobs have until `deadline`. A later call can only bring the deadline forward.
    mutating func stop(deadline: Duration) {
        stop = Stop(
            deadline: min(deadline, stop?.deadline ?? deadline), isForced: stop?.isForced ?? false)
    }
}
