import Synchronization

/// Wakes one loop. Signals that arrive while the loop is busy are merged into one.
final class WakeSignal: Sendable {
    private let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init() {
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit {
        setTimer(nil)
    }

    func signal() { continuation.yield() }

    /// Signals after `delay` by `clock`, instead of at the time set before. Nil cancels that.
    func signal(after delay: Duration?, _ clock: any Clock<Duration>) {
        guard let delay else { return setTimer(nil) }
        setTimer(
            Task { [continuation] in
                guard (try? await clock.sleep(for: max(.zero, delay))) != nil else { return }
                continuation.yield()
            })
    }

    /// Waits for the next signal.
    /// - Returns: false where the task is cancelled.
    func wait() async -> Bool {
        var iterator = signals.makeAsyncIterator()
        return await iterator.next() != nil && !Task.isCancelled
    }

    private func setTimer(_ task: Task<Void, Never>?) {
        timer.withLock { timer in
            timer?.cancel()
            timer = task
        }
    }
}

/// Opens once. Tasks wait until it is open.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Idempotent.
    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { waiter in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(waiter) }
                return state.isOpen
            }
            if isOpen { waiter.resume() }
        }
    }
}
