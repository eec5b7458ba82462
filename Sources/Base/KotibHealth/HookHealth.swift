import KotibModel
import KotibText

/// How one receiver of hooks is.
public struct HookHealth: Hashable, Sendable {
    public var receiver: HookReceiver
    /// The number of events that are still to be delivered.
    public var pending: Int
    /// Events since the daemon's start.
    public var delivered: Int
    /// Events since the daemon's start that were given up.
    public var failed: Int
    /// The error of the last attempt; nil where it succeeded.
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

    /// A sentence for the administrator; nil where nothing is wrong.
    var sentence: Sentence? {
        guard let problem else { return nil }
        return switch receiver {
        case .program: .hookProgramFails(problem)
        case .webhook: .webhookFails(problem)
        }
    }
}
