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
