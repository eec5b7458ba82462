import KotibModel
import KotibPOSIX
import KotibWatch

/// How long a file that holds less than its container promises is waited for.
public struct Stillness: Sendable {
    /// Without a change.
    public var patience: Duration
    /// Nanoseconds since 1970.
    public var now: @Sendable () -> Int64

    public init(
        patience: Duration = .seconds(600), now: @escaping @Sendable () -> Int64 = InboxWatcher.systemTime
    ) {
        self.patience = patience
        self.now = now
    }

    /// Whether nothing more is to be waited for: unchanged for so long by its own times, which a restart does not
    /// touch, and no program has it open for writing, as far as the kernel tells.
    func isOver(_ file: OpenFile, _ status: FileStatus) -> Bool {
        isOver(status.identity) && WriterCheck(file) != .writing
    }

    /// By its times alone. One from the future, as a camera with a wrong clock leaves it, says nothing; where both are,
    /// it is waited for.
    func isOver(_ identity: FileIdentity) -> Bool {
        let now = now()
        let past = [identity.modified, identity.changed].filter { $0 <= now }
        guard let last = past.max() else { return false }
        return .nanoseconds(now) - .nanoseconds(last) >= patience
    }
}
