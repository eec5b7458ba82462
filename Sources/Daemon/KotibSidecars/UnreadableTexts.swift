import KotibModel
import Synchronization

/// The saved texts whose words cannot be taken in, as they were when that was told: to tell it once for each.
final class UnreadableTexts: Sendable {
    private struct Told {
        var identity: FileIdentity
        var problem: TextProblem
    }

    private let told = Mutex<[InboxPath: Told]>([:])

    /// - Returns: false where it was told already.
    func insert(_ path: InboxPath, _ identity: FileIdentity, _ problem: TextProblem) -> Bool {
        told.withLock {
            $0.updateValue(Told(identity: identity, problem: problem), forKey: path)?.identity != identity
        }
    }

    func remove(_ path: InboxPath) {
        told.withLock { _ = $0.removeValue(forKey: path) }
    }

    /// What was told of the file as it is; nil where nothing was.
    func problem(_ path: InboxPath, _ identity: FileIdentity) -> TextProblem? {
        told.withLock { $0[path].flatMap { $0.identity == identity ? $0.problem : nil } }
    }

    func contains(_ path: InboxPath) -> Bool { told.withLock { $0[path] != nil } }
}

/// The texts of which something was told that still holds: to tell it once for each.
final class ToldTexts: Sendable {
    private let told = Mutex<Set<InboxPath>>([])

    /// - Returns: false where it was told already.
    func insert(_ path: InboxPath) -> Bool { told.withLock { $0.insert(path).inserted } }

    func remove(_ path: InboxPath) { told.withLock { _ = $0.remove(path) } }
}
