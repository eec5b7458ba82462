import Dispatch
import Synchronization

/// Holds the first step of one name in a ``FaultyFileSystem`` until a test lets it go.
public final class StepBarrier: Sendable {
    private let name: String
    private let wasReached = Mutex(false)
    private let gate = DispatchSemaphore(value: 0)

    public init(_ name: String) { self.name = name }

    /// Whether somebody waits in the step, or has.
    public var isReached: Bool { wasReached.withLock { $0 } }

    public func letGo() { gate.signal() }

    /// The hook for ``FaultyFileSystem``, called before each step. Blocks: steps run on threads of their own.
    public func pass(_ step: FaultyFileSystem.Step) -> Int32? {
        let isFirst = wasReached.withLock { wasReached in
            guard step.name == name, !wasReached else { return false }
            wasReached = true
            return true
        }
        if isFirst { gate.wait() }
        return nil
    }
}
