import KotibAccounts
import KotibModel

/// The caller of a request.
enum Caller: Hashable, Sendable {
    /// Root or the daemon's own user, by the credentials at connect(2) (unix(7), SO_PEERCRED). A descriptor
    /// can be passed on after that, so this protects the operator's access and nothing more.
    case localOperator
    case session(Session)

    /// The recordings that this caller may see.
    var scope: AccessScope {
        switch self {
        case .localOperator: .everyone
        case .session(let session): session.scope
        }
    }

    /// Whether this caller has the rights of an admin.
    var isAdmin: Bool { scope == .everyone }
}
