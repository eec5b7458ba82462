import Synchronization

/// The memory that large JSON bodies share while they arrive and are worked on, so that many at once do not
/// use up the machine's.
final class BodyRoom: Sendable {
    /// Bytes of each body that do not count.
    static let free = 65_536

    private let most: Int
    private let taken = Mutex(0)

    /// - Parameter most: bytes of all bodies.
    init(most: Int = 128 << 20) {
        self.most = most
    }

    /// The memory of one body; returned with the last reference.
    final class Share: Sendable {
        private let room: BodyRoom
        private let taken = Mutex(0)

        fileprivate init(_ room: BodyRoom) {
            self.room = room
        }

        deinit { room.give(back: taken.withLock { $0 }) }

        /// False where there is no room for so many bytes more now.
        func take(_ count: Int) -> Bool {
            guard room.take(count) else { return false }
            taken.withLock { $0 += count }
            return true
        }
    }

    func share() -> Share { Share(self) }

    private func take(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= most else { return false }
            taken += count
            return true
        }
    }

    private func give(back count: Int) {
        taken.withLock { $0 -= count }
    }

    var count: Int { taken.withLock { $0 } }
}
