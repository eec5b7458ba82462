import Dispatch
import Synchronization

/// Values from any threads, in order, for the one thread that waits for them.
final class BlockingQueue<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let count = DispatchSemaphore(value: 0)

    func post(_ value: Value) {
        values.withLock { $0.append(value) }
        count.signal()
    }

    /// The oldest value; waits for one.
    func pop() -> Value {
        count.wait()
        return values.withLock { $0.removeFirst() }
    }

    /// The oldest value, or nil where none comes for so many milliseconds.
    func pop(waiting milliseconds: Int) -> Value? {
        guard count.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { return nil }
        return values.withLock { $0.removeFirst() }
    }
}
