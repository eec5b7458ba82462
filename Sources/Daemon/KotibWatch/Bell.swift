import Synchronization

/// Wakes one loop: rings that come while it is busy become one.
final class Bell: Sendable {
    private let rings: AsyncStream<Void>
    private let ringer: AsyncStream<Void>.Continuation
    private let alarm = Mutex<Task<Void, Never>?>(nil)

    init() {
        (rings, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit {
        setAlarm(nil)
    }

    func ring() { ringer.yield() }

    /// Rings after `delay` by `clock`, instead of at the time set before; nil only takes that back.
    func ring(after delay: Duration?, _ clock: any Clock<Duration>) {
        guard let delay else { return setAlarm(nil) }
        setAlarm(
            Task { [ringer] in
                guard (try? await clock.sleep(for: max(.zero, delay))) != nil else { return }
                ringer.yield()
            })
    }

    /// Waits for the next ring.
    /// - Returns: false where the task is cancelled.
    func wait() async -> Bool {
        var iterator = rings.makeAsyncIterator()
        return await iterator.next() != nil && !Task.isCancelled
    }

    private func setAlarm(_ task: Task<Void, Never>?) {
        alarm.withLock { alarm in
            alarm?.cancel()
            alarm = task
        }
    }
}
