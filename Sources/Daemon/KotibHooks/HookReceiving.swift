import KotibCatalog
import KotibModel

/// A receiver of hook events.
public protocol HookReceiving: Sendable {
    var name: HookReceiver { get }

    /// Delivers once. Ends soon after the task is cancelled.
    func deliver(_ message: HookMessage) async -> HookOutcome
}

/// The outcome of one attempt. The texts are for logs and for status; none holds a secret or words of a
/// recording.
public enum HookOutcome: Hashable, Sendable {
    case delivered
    /// The receiver refuses the event: never retried.
    case failed(String)
    /// To be retried, not before `retryAfter` if the receiver asks for that.
    case later(String, retryAfter: Duration?)
    /// The task was cancelled; the receiver may have got the event.
    case stopped
}
