import HTTPTypes
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText
import Synchronization

/// The memory that answers share which cannot be made piece by piece, from their making until they are sent:
/// many clients who ask for much and read nothing do not use up the machine's.
final class AnswerRoom: Sendable {
    /// Bytes of each answer that do not count.
    static let free = 65_536

    private struct Taken {
        var all = 0
        var byCaller: [String: Int] = [:]
    }

    private let most: Int
    private let taken = Mutex(Taken())

    /// - Parameter most: bytes of all answers.
    init(most: Int = 64 << 20) {
        self.most = most
    }

    /// The memory of one response; returned with the last reference.
    final class Share: Hashable, Sendable {
        private let room: AnswerRoom
        private let caller: String
        private let count: Int

        fileprivate init(_ room: AnswerRoom, _ caller: String, _ count: Int) {
            self.room = room
            self.caller = caller
            self.count = count
        }

        deinit { room.giveBack(count, caller) }

        static func == (a: Share, b: Share) -> Bool { a === b }
        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
    }

    /// Nil where there is no room for so many bytes now. A caller gets no more than what is left beside it,
    /// so that something is always left for others.
    func share(_ count: Int, for caller: String) -> Share? {
        taken.withLock { taken in
            let own = taken.byCaller[caller, default: 0]
            guard own + count <= most - taken.all - count else { return nil }
            taken.all += count
            taken.byCaller[caller] = own + count
            return Share(self, caller, count)
        }
    }

    private func giveBack(_ count: Int, _ caller: String) {
        taken.withLock { taken in
            taken.all -= count
            let own = taken.byCaller[caller, default: count] - count
            taken.byCaller[caller] = own > 0 ? own : nil
        }
    }

    var count: Int { taken.withLock { $0.all } }
}

extension AnswerRoom {
    /// - Parameter count: bytes that the answer takes while it is made and sent.
    /// - Throws: ``ControlFailure``, 503 where there is no room now. Nil where it is too small to count.
    func demand(_ count: Int, for caller: String) throws(ControlFailure) -> Share? {
        if count <= Self.free { return nil }
        // The largest of all takes half, so that it is made where nobody else has any.
        guard let share = share(min(count, most / 2), for: caller) else {
            throw .later(.serviceUnavailable, .unavailable, .crowded, seconds: 5)
        }
        return share
    }
}

extension Caller {
    /// By which shares of memory count.
    var name: String {
        switch self {
        case .localOperator: "operator"
        case .session(let session): "user \(session.user.id)"
        }
    }
}
