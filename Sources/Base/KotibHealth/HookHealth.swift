import KotibModel
import KotibText

/// How one receiver of hooks is.
public struct HookHealth: Hashable, Sendable {
    public var receiver: HookReceiver
    /// Events that it is still to be told.
    public var pending: Int
    /// Events since the daemon's start.
    public var delivered: Int
    /// Events since the daemon's start that it will never be told.
    public var failed: Int
    /// Why the last attempt failed; nil where it did not.
    public var problem: String?

    public init(
        receiver: HookReceiver, pending: Int, delivered: Int = 0, failed: Int = 0, problem: String? = nil
    ) {
        self.receiver = receiver
        self.pending = pending
        self.delivered = delivered
        self.failed = failed
        self.problem = problem
    }

    /// For who looks after the service; nil where nothing is wrong.
    public var sentence: Sentence? {
        guard let problem else { return nil }
        return switch receiver {
        case .program: .hookProgramFails(problem)
        case .webhook: .webhookFails(problem)
        }
    }
}
