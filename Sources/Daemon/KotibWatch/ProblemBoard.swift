import FoundationEssentials
import Logging
import Synchronization

/// What is not as it should be now, and since when. A problem gets one line in the log when it begins and one when
/// it is over, however often it is noticed.
public final class ProblemBoard: Sendable {
    private struct State {
        var standing: [WatchHealth.Problem: Date] = [:]
        /// Reported since the last ``beginRound()``.
        var seen: Set<WatchHealth.Problem> = []
        /// How many wait for the catalog.
        var waiting = 0
    }

    private let state = Mutex(State())
    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    public var standing: [WatchHealth.Problem: Date] { state.withLock { $0.standing } }

    public func stands(_ problem: WatchHealth.Problem) -> Bool { standing[problem] != nil }

    public func report(_ problem: WatchHealth.Problem, _ metadata: Logger.Metadata = [:]) {
        let isNew = state.withLock { state in
            state.seen.insert(problem)
            guard state.standing[problem] == nil else { return false }
            state.standing[problem] = Date()
            return true
        }
        if isNew { logger.warning("\(problem)", metadata: metadata) }
    }

    public func resolve(_ problem: WatchHealth.Problem) { resolve { $0 == problem } }

    public func resolve(where isOver: (WatchHealth.Problem) -> Bool) {
        let over = state.withLock { state in
            let over = state.standing.filter { isOver($0.key) }
            for problem in over.keys { state.standing[problem] = nil }
            return over
        }
        for (problem, since) in over {
            let seconds = Date().timeIntervalSince(since).rounded()
            logger.notice("over: \(problem)", metadata: ["seconds": "\(seconds)"])
        }
    }

    /// Begins a look at all that may be wrong with writing into the inbox.
    public func beginRound() { state.withLock { $0.seen = [] } }

    /// Ends it: what was not met again is over.
    public func endRound() {
        let seen = state.withLock { $0.seen }
        resolve { $0.isOfWriting && !seen.contains($0) }
    }

    /// Somebody waits because the catalog cannot be written; ``catalogAnswers()`` once for each.
    public func catalogFails(_ problem: WatchHealth.Problem, _ cause: String) {
        state.withLock { $0.waiting += 1 }
        report(problem, ["cause": "\(cause)"])
    }

    public func catalogAnswers() {
        let isOver = state.withLock { state in
            state.waiting -= 1
            return state.waiting == 0
        }
        if isOver { resolve { $0 == .catalogFull || $0 == .catalogFails } }
    }
}
