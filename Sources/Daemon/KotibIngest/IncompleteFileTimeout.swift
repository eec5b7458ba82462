import KotibModel
import KotibPOSIX
import KotibWatch

/// How long a file that holds less than its container promises is waited for.
package struct IncompleteFileTimeout: Sendable {
    /// Without a change.
    package var duration: Duration
    /// Nanoseconds since 1970.
    package var now: @Sendable () -> Int64

    package init(
        _ duration: Duration = .seconds(600), now: @escaping @Sendable () -> Int64 = InboxWatcher.systemTime
    ) {
        self.duration = duration
        self.now = now
    }

    /// Whether the file was unchanged for so long by its own times, which a restart does not touch, and no
    /// program has it open for writing, as far as the kernel tells.
    func hasPassed(_ file: OpenFile, _ status: FileStatus) -> Bool {
        hasPassed(status.identity) && WriterCheck(file) != .writing
    }

    /// By the file's times alone. A time in the future, as a camera with a wrong clock leaves it, does not
    /// count; a file with no other is waited for.
    func hasPassed(_ identity: FileIdentity) -> Bool {
        let now = now()
        let past = [identity.modified, identity.changed].filter { $0 <= now }
        guard let last = past.max() else { return false }
        return .nanoseconds(now) - .nanoseconds(last) >= duration
    }
}
