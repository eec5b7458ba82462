import KotibModel
import Synchronization

/// The paths for which a condition was logged that still holds, so that it is logged once for each.
final class LoggedPaths: Sendable {
    private let paths = Mutex<Set<InboxPath>>([])

    /// - Returns: false where it was logged already.
    func insert(_ path: InboxPath) -> Bool { paths.withLock { $0.insert(path).inserted } }

    /// The condition has ended: the next one is logged again.
    func remove(_ path: InboxPath) { paths.withLock { _ = $0.remove(path) } }
}
