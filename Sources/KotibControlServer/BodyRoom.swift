import Synchronization

/// The memory that large JSON bodies share while they arrive, so that many at once do not use up the machine's.
final class BodyRoom: Sendable {
    /// Bytes of each body that do not count.
    static let free = 1 << 20

    private let most: Int
    private let taken = Mutex(0)

    /// - Parameter most: bytes of all bodies.
    init(most: Int = 128 << 20) {
        self.most = most
    }

    /// False where there is no room for so many bytes now.
    func take(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= most else { return false }
            taken += count
            return true
        }
    }

    func give(back count: Int) {
        taken.withLock { $0 -= count }
    }
}
