import Synchronization

/// How many connections there are, in all and of each user of the machine, so that one who opens many keeps
/// nobody else out.
final class Admission: Sendable {
    /// The account that a user of the machine connects for.
    enum Standing {
        /// Looks after the daemon when all others are too many.
        case localOperator
        /// Speaks for many.
        case proxy
        case other
    }

    /// Connections for the operator when all others are taken.
    static let reserve = 16

    private struct State {
        var all = 0
        var byPeer: [UInt32: Int] = [:]
    }

    private let most: Int
    private let state = Mutex(State())

    init(most: Int) {
        self.most = most
    }

    /// Whether one more is taken; each that is must be ended by ``leave(_:)``. One user gets half of all,
    /// apart from the operator and web servers in front.
    func enter(_ peer: UInt32, _ standing: Standing) -> Bool {
        state.withLock { state in
            let own = state.byPeer[peer, default: 0]
            let isRoom =
                switch standing {
                case .localOperator: state.all < most + Self.reserve
                case .proxy: state.all < most
                case .other: state.all < most && own < max(1, most / 2)
                }
            guard isRoom else { return false }
            state.all += 1
            state.byPeer[peer] = own + 1
            return true
        }
    }

    func leave(_ peer: UInt32) {
        state.withLock { state in
            state.all -= 1
            let own = state.byPeer[peer, default: 1] - 1
            state.byPeer[peer] = own > 0 ? own : nil
        }
    }

    var count: Int { state.withLock { $0.all } }
}
