import KotibTestSupport
import Synchronization

/// Does something just before the first step of one name, as somebody else might.
package final class BeforeStep: Sendable {
    private struct State {
        var body: (@Sendable () -> Void)?
        var wasHit = false
    }

    private let state = Mutex(State())

    package init() {}

    package var wasHit: Bool { state.withLock { $0.wasHit } }

    package func arm(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.body = body }
    }

    package func pass(_ step: FaultyFileSystem.Step, _ name: String) -> Int32? {
        guard step.name == name else { return nil }
        let body = state.withLock { state in
            defer { state.body = nil }
            if state.body != nil { state.wasHit = true }
            return state.body
        }
        body?()
        return nil
    }
}
