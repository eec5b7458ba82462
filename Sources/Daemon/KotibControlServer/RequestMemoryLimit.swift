import Synchronization

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
