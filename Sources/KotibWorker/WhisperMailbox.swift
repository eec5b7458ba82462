import Dispatch
import Synchronization

/// Where lanes leave what they have done, for the one thread that waits for it.
final class WhisperMailbox<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    private let count = DispatchSemaphore(value: 0)

    func post(_ value: Value) {
        values.withLock { $0.append(value) }
        count.signal()
    }

    /// The oldest value, or nil where none comes for so many milliseconds.
    func take(waiting milliseconds: Int) -> Value? {
        guard count.wait(timeout: .now() + .milliseconds(milliseconds)) == .success else { return nil }
        return values.withLock { $0.removeFirst() }
    }
}
