import KotibAccounts
import KotibModel

/// In whose name a request acts.
enum Caller: Hashable, Sendable {
    /// Root or the daemon's own user, by the credentials that the peer had when it connected (unix(7),
    /// SO_PEERCRED). A descriptor can be handed on after that: a gate for the operator, nothing more.
    case localOperator
    case session(Session)

    /// The recordings that this caller may see.
    var scope: AccessScope {
        switch self {
        case .localOperator: .everyone
        case .session(let session): session.scope
        }
    }

    /// Whether this caller may do what is an admin's.
    var isAdmin: Bool { scope == .everyone }
}
