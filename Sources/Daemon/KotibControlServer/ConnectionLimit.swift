import Synchronization

/// The number of connections, in all and for each user of the machine, so that one user who opens many does
/// not keep others out.
final class ConnectionLimit: Sendable {
    /// The kind of account that connects.
    enum PeerClass {
        /// The administrator, who needs access when all other connections are taken.
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

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a connection is accepted. Each accepted one must be ended by ``leave(_:)``. One user gets at
    /// most half of all connections, apart from the operator and web servers in front.
    func enter(_ peer: UInt32, _ peerClass: PeerClass) -> Bool {
        state.withLock { state in
            let own = state.byPeer[peer, default: 0]
            let isRoom =
                switch peerClass {
                case .localOperator: state.all < limit + Self.reserve
                case .proxy: state.all < limit
                case .other: state.all < limit && own < max(1, limit / 2)
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
