import KotibModel
import Synchronization

/// The saved texts whose words cannot be taken in, as they were when that was told: to tell it once for each.
final class UnreadableTexts: Sendable {
    private let told = Mutex<[InboxPath: FileIdentity]>([:])

    /// - Returns: false where it was told already.
    func insert(_ path: InboxPath, _ identity: FileIdentity) -> Bool {
        told.withLock { $0.updateValue(identity, forKey: path) != identity }
    }

    func remove(_ path: InboxPath) {
        told.withLock { _ = $0.removeValue(forKey: path) }
    }

    func contains(_ path: InboxPath, _ identity: FileIdentity) -> Bool {
        told.withLock { $0[path] == identity }
    }
}
