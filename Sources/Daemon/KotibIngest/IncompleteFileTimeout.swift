import KotibModel
import KotibPOSIX
import KotibWatch

/// The time for which an incomplete file must not change before it is accepted as it is.
package struct IncompleteFileTimeout: Sendable {
    /// Without a change.
    var duration: Duration
    /// Nanoseconds since 1970.
    var now: @Sendable () -> Int64

    package init(
        _ duration: Duration = .seconds(600), now: @escaping @Sendable () -> Int64 = InboxWatcher.systemTime
    ) {
        self.duration = duration
        self.now = now
    }

    /// Whether the file has been unchanged for that time by its own times, which a restart does not affect,
    /// and no program has it open for writing, as far as the kernel tells.
    func hasPassed(_ file: OpenFile, _ status: FileStatus) -> Bool {
        hasPassed(status.identity) && WriterCheck(file) != .writing
    }

    /// By the file's times alone. Times in the future, as of a camera with a wrong clock, are ignored; a file
    /// with no other time is not accepted.
    func hasPassed(_ identity: FileIdentity) -> Bool {
        let now = now()
        let past = [identity.modified, identity.changed].filter { $0 <= now }
        guard let last = past.max() else { return false }
        return .nanoseconds(now) - .nanoseconds(last) >= duration
    }
}
