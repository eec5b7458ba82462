import FoundationEssentials
import KotibModel

/// The default limits, and the clock that days are counted by.
public struct Quotas: Sendable {
    /// For users without limits of their own.
    public var limits: Quota
    var days: LocalDays
    var now: @Sendable () -> Date

    public init(
        limits: Quota = Quota(), days: LocalDays = LocalDays(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.limits = limits
        self.days = days
        self.now = now
    }

    /// Counted from 1 January 1970.
    public var today: Int { days.day(of: now()) }

    /// Until the minutes of a new day may be used.
    public var untilMidnight: Duration {
        let now = now()
        return .seconds(bounding: days.end(of: now).timeIntervalSince(now))
    }
}

/// A recording that is good, and waits for room in its user's quota.
public struct WaitingRecording: Hashable, Sendable {
    public var id: RecordingID
    public var path: InboxPath
    /// The file as it was when it was inspected.
    public var identity: FileIdentity
    public var facts: AudioFacts
}
