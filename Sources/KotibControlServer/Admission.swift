import Synchronization

/// How many connections there are, in all and of each user of the machine, so that one who opens many keeps
/// nobody else out.
final class Admission: Sendable {
    private struct State {
        var all = 0
        var byPeer: [UInt32: Int] = [:]
    }

    private let most: Int
    private let state = Mutex(State())

    init(most: Int) {
        self.most = most
    }

    /// Whether one more is taken; each that is must be ended by ``leave(_:)``. One user gets half of all, apart
    /// from the operator and web servers in front, who speak for many.
    func enter(_ peer: UInt32, speaksForMany: Bool) -> Bool {
        state.withLock { state in
            let own = state.byPeer[peer, default: 0]
            guard state.all < most, speaksForMany || own < max(1, most / 2) else { return false }
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
