import FoundationEssentials
import Logging
import Synchronization

/// The issues that stand, and since when. An issue gets one line in the log when it begins and one when it is
/// over, however often it is noticed.
public final class IssueBoard: Sendable {
    private struct State {
        var standing: [HealthIssue: Date] = [:]
        /// Reported since the last ``beginRound()``.
        var seen: Set<HealthIssue> = []
        /// How many wait for the catalog.
        var waiting = 0
    }

    private let state = Mutex(State())
    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    public var standing: [HealthIssue: Date] { state.withLock { $0.standing } }

    public var issues: Set<HealthIssue> { Set(standing.keys) }

    public func stands(_ issue: HealthIssue) -> Bool { standing[issue] != nil }

    public func report(_ issue: HealthIssue, _ metadata: Logger.Metadata = [:]) {
        let isNew = state.withLock { state in
            state.seen.insert(issue)
            guard state.standing[issue] == nil else { return false }
            state.standing[issue] = Date()
            return true
        }
        if isNew { logger.warning("\(issue)", metadata: metadata) }
    }

    public func resolve(_ issue: HealthIssue) { resolve { $0 == issue } }

    public func resolve(where isOver: (HealthIssue) -> Bool) {
        let over = state.withLock { state in
            let over = state.standing.filter { isOver($0.key) }
            for issue in over.keys { state.standing[issue] = nil }
            return over
        }
        for (issue, since) in over {
            let seconds = Date().timeIntervalSince(since).rounded()
            logger.notice("over: \(issue)", metadata: ["seconds": "\(seconds)"])
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
    public func catalogFails(_ issue: HealthIssue, _ cause: String) {
        state.withLock { $0.waiting += 1 }
        report(issue, ["cause": "\(cause)"])
    }

    public func catalogAnswers() {
        let isOver = state.withLock { state in
            state.waiting -= 1
            return state.waiting == 0
        }
        if isOver { resolve { $0 == .catalogFull || $0 == .catalogFails } }
    }
}
