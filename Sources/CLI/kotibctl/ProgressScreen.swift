import Synchronization

/// Shows progress on a terminal, at most ten times a second, with permanent lines above it.
///
/// Producers set progress (``set(_:overall:)``) without waiting; ``during(_:)`` draws it.
final class ProgressScreen: Sendable {
    private struct State {
        var items: [ProgressLine] = []
        var overall: ProgressLine?
        var stay: [String] = []
        var isNew = false
    }

    private struct Drawn {
        var live = LiveLines()
        var columns = 0
    }

    static let interval: Duration = .milliseconds(100)

    private let terminal: Terminal
    private let state = Mutex(State())
    private let drawn = Mutex(Drawn())

    /// Nil if the output cannot be redrawn.
    init?(_ terminal: Terminal, environment: [String: String]) {
        guard terminal.isTerminal, !["", "dumb"].contains(environment["TERM"] ?? "") else { return nil }
        self.terminal = terminal
    }

    func set(_ items: [ProgressLine], overall: ProgressLine? = nil) {
        state.withLock {
            $0.items = items
            $0.overall = overall
            $0.isNew = true
        }
    }

    /// A permanent line above the others. It must be safe for a terminal.
    func stay(_ line: String) {
        state.withLock {
            $0.stay.append(line)
            $0.isNew = true
        }
    }

    /// Shows what `work` leaves here, to the last line of it.
    func during(_ work: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await withThrowingTaskGroup { group in
                group.addTask { try await self.keepDrawn() }
                group.addTask(operation: work)
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch is BrokenPipe {
            throw BrokenPipe()
        } catch {
            try await draw()
            throw error
        }
        try await draw()
    }

    /// Draws until it is cancelled or the terminal is gone. A window that changes its size is seen by asking:
    /// a handler of SIGWINCH would tell no sooner.
    private func keepDrawn() async throws {
        while true {
            try await draw()
            try await Task.sleep(for: Self.interval)
        }
    }

    private func draw() async throws {
        let columns = terminal.columns ?? 80
        let now: State? = state.withLock { state in
            guard state.isNew || drawn.withLock({ $0.columns != columns }) else { return nil }
            defer {
                state.isNew = false
                state.stay = []
            }
            return state
        }
        guard let now else { return }
        let lines = ProgressDisplay.lines(now.items, overall: now.overall, width: columns)
        let frame = drawn.withLock { drawn in
            drawn.columns = columns
            return drawn.live.frame(lines, stay: now.stay, columns: columns)
        }
        try await terminal.write(Array(frame.utf8))
    }
}
