import HTTPTypes
import KotibAccounts
import KotibCatalog
import KotibControlProtocol
import KotibModel
import KotibText
import Synchronization

/// The memory for responses that cannot be made in chunks, reserved from their making until they are sent, so
/// that many clients who ask for much and read nothing do not use up the machine's memory.
final class ResponseMemoryLimit: Sendable {
    /// Bytes of each response that need no reservation.
    static let free = 65_536

    private struct Taken {
        var all = 0
        var byCaller: [String: Int] = [:]
    }

    private let limit: Int
    private let taken = Mutex(Taken())

    /// - Parameter most: bytes of all responses.
    init(limit: Int = 64 << 20) {
        self.limit = limit
    }

    /// The memory of one response; returned with the last reference.
    final class Reservation: Hashable, Sendable {
        private let memory: ResponseMemoryLimit
        private let caller: String
        private let count: Int

        fileprivate init(_ memory: ResponseMemoryLimit, _ caller: String, _ count: Int) {
            self.memory = memory
            self.caller = caller
            self.count = count
        }

        deinit { memory.release(count, caller) }

        static func == (a: Reservation, b: Reservation) -> Bool { a === b }
        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
    }

    /// Nil if the memory is not available now. A caller gets no more than the memory that is free beside it,
    /// so that some is always left for others.
    func share(_ count: Int, for caller: String) -> Reservation? {
        taken.withLock { taken in
            let own = taken.byCaller[caller, default: 0]
            guard own + count <= limit - taken.all - count else { return nil }
            taken.all += count
            taken.byCaller[caller] = own + count
            return Reservation(self, caller, count)
        }
    }

    private func release(_ count: Int, _ caller: String) {
        taken.withLock { taken in
            taken.all -= count
            let own = taken.byCaller[caller, default: count] - count
            taken.byCaller[caller] = own > 0 ? own : nil
        }
    }

    var count: Int { taken.withLock { $0.all } }
}

extension ResponseMemoryLimit {
    /// - Parameter count: bytes of the response.
    /// - Returns: nil if it needs no reservation.
    /// - Throws: ``ControlFailure``, 503 if the memory is not available now.
    func demand(_ count: Int, for caller: String) throws(ControlFailure) -> Reservation? {
        if count <= Self.free { return nil }
        // The largest of all takes half, so that it is made where nobody else has any.
        guard let share = share(min(count, limit / 2), for: caller) else {
            throw .later(.serviceUnavailable, .unavailable, .overloaded, seconds: 5)
        }
        return share
    }
}

extension Caller {
    /// The key by which memory is limited.
    var limitKey: String {
        switch self {
        case .localOperator: "operator"
        case .session(let session): "user \(session.user.id)"
        }
    }
}

/// The memory for large JSON bodies, reserved while they arrive and are handled, so that many at once do not
/// use up the machine's memory.
final class RequestMemoryLimit: Sendable {
    /// Bytes of each body that need no reservation.
    static let free = 65_536

    private let limit: Int
    private let taken = Mutex(0)

    /// - Parameter most: bytes of all bodies.
    init(limit: Int = 128 << 20) {
        self.limit = limit
    }

    /// The memory of one body; returned with the last reference.
    final class Reservation: Sendable {
        private let memory: RequestMemoryLimit
        private let taken = Mutex(0)

        fileprivate init(_ memory: RequestMemoryLimit) {
            self.memory = memory
        }

        deinit { memory.release(taken.withLock { $0 }) }

        /// - Returns: false if the memory is not available now.
        func reserve(_ count: Int) -> Bool {
            guard memory.reserve(count) else { return false }
            taken.withLock { $0 += count }
            return true
        }
    }

    func share() -> Reservation { Reservation(self) }

    private func reserve(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= limit else { return false }
            taken += count
            return true
        }
    }

    private func release(_ count: Int) {
        taken.withLock { $0 -= count }
    }

    var count: Int { taken.withLock { $0 } }
}
