import Synchronization

/// A mutex for each key: one task at a time runs with a key, and tasks with other keys do not wait for it.
///
/// First come, first served. Not reentrant: a task that holds a key must not lock another; it locks both at
/// once with ``withLock(on:and:isolation:_:)``. A cancelled task still waits and then runs, so bodies should
/// be short.
public final class KeyedMutex<Key: Hashable & Comparable & Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>

    /// The tasks that wait for each locked key; a key that is not locked is absent.
    private let waiters = Mutex<[Key: [Waiter]]>([:])

    public init() {}

    /// Runs `body` with `key` locked, after every task that asked for it earlier.
    public func withLock<Value, Failure: Error>(
        on key: Key, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await lock(key)
        defer { unlock(key) }
        return try await body()
    }

    /// Runs `body` with both keys locked. They are always locked in ascending order, which prevents a
    /// deadlock.
    public func withLock<Value, Failure: Error>(
        on key: Key, and other: Key, isolation: isolated (any Actor)? = #isolation,
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let (first, second) = (min(key, other), max(key, other))
        await lock(first)
        defer { unlock(first) }
        if first != second { await lock(second) }
        defer { if first != second { unlock(second) } }
        return try await body()
    }

    /// The number of tasks that wait for `key`, without the one that holds it.
    func waiterCount(on key: Key) -> Int { waiters.withLock { $0[key]?.count ?? 0 } }

    private func lock(_ key: Key, isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { waiter in
            let isFree = waiters.withLock { waiters in
                guard waiters[key] != nil else {
                    waiters[key] = []
                    return true
                }
                waiters[key]?.append(waiter)
                return false
            }
            if isFree { waiter.resume() }
        }
    }

    private func unlock(_ key: Key) {
        let next: Waiter? = waiters.withLock { waiters in
            guard waiters[key]?.isEmpty == false else {
                waiters[key] = nil
                return nil
            }
            return waiters[key]?.removeFirst()
        }
        next?.resume()
    }
}
