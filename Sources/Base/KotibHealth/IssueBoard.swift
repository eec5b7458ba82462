import FoundationEssentials
import Logging
import Synchronization

/// The open issues, and since when. An issue is logged once when it begins and once when it is resolved,
/// however often it is reported.
public final class IssueBoard: Sendable {
    private struct State {
        var openIssues: [HealthIssue: Date] = [:]
        /// Reported since the last ``beginCheck()``.
        var seen: Set<HealthIssue> = []
        /// The number of callers that wait for the catalog.
        var waiting = 0
    }

    private let state = Mutex(State())
    private let logger: Logger

    public init(logger: Logger) {
        self.logger = logger
    }

    public var openIssues: [HealthIssue: Date] { state.withLock { $0.openIssues } }

    public var issues: Set<HealthIssue> { Set(openIssues.keys) }

    public func isOpen(_ issue: HealthIssue) -> Bool { openIssues[issue] != nil }

    public func report(_ issue: HealthIssue, _ metadata: Logger.Metadata = [:]) {
        let isNew = state.withLock { state in
            state.seen.insert(issue)
            guard state.openIssues[issue] == nil else { return false }
            state.openIssues[issue] = Date()
            return true
        }
        if isNew { logger.warning("\(issue)", metadata: metadata) }
    }

    public func resolve(_ issue: HealthIssue) { resolve { $0 == issue } }

    public func resolve(where isOver: (HealthIssue) -> Bool) {
        let over = state.withLock { state in
            let over = state.openIssues.filter { isOver($0.key) }
            for issue in over.keys { state.openIssues[issue] = nil }
            return over
        }
        for (issue, since) in over {
            let seconds = Date().timeIntervalSince(since).rounded()
            logger.notice("recovered: \(issue)", metadata: ["seconds": "\(seconds)"])
        }
    }

    /// Begins a check of everything that may keep texts from being written into the inbox.
    public func beginCheck() { state.withLock { $0.seen = [] } }

    /// Ends the check: issues that were not reported again are resolved.
    public func endCheck() {
        let seen = state.withLock { $0.seen }
        resolve { $0.concernsTexts && !seen.contains($0) }
    }

    /// A caller begins to wait because the catalog cannot be written. Call ``endCatalogWait()`` once for
    /// each.
    public func beginCatalogWait(_ issue: HealthIssue, _ cause: String) {
        state.withLock { $0.waiting += 1 }
        report(issue, ["cause": "\(cause)"])
    }

    public func endCatalogWait() {
        let isOver = state.withLock { state in
            state.waiting -= 1
            return state.waiting == 0
        }
        if isOver { resolve { $0 == .catalogFull || $0 == .catalogUnwritable } }
    }
}
