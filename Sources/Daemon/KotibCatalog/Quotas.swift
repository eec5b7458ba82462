import FoundationEssentials
import Glibc
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

/// Calendar days in one time zone.
public struct LocalDays: Sendable {
    /// Longer than any day: clocks are moved by an hour or two, and whole days were left out, never put in.
    private static let longestDay = 50 * 3600

    private let offset: @Sendable (Int) -> Int

    /// - Parameter offset: seconds east of UTC at a time in seconds since 1970; the server's zone unless
    ///   given.
    public init(offset: @escaping @Sendable (Int) -> Int = Self.serversOffset) {
        self.offset = offset
    }

    /// The day, counted from 1 January 1970.
    func day(of date: Date) -> Int {
        day(at: Self.seconds(of: date))
    }

    /// When the next day begins: the first second of another day, also where the clock is moved at midnight.
    func end(of date: Date) -> Date {
        var within = Self.seconds(of: date)
        let today = day(at: within)
        var beyond = within + Self.longestDay
        while beyond - within > 1 {
            let middle = within + (beyond - within) / 2
            if day(at: middle) > today { beyond = middle } else { within = middle }
        }
        return Date(timeIntervalSince1970: Double(beyond))
    }

    /// Since 1970, from year 1 to 9999.
    private static func seconds(of date: Date) -> Int {
        Int(min(max(date.timeIntervalSince1970, -62_135_596_800), 253_402_300_799).rounded(.down))
    }

    private func day(at time: Int) -> Int {
        let local = time + offset(time)
        return (local - (local % 86_400 + 86_400) % 86_400) / 86_400
    }

    /// As `TZ` or /etc/localtime say (tzset(3)); UTC where neither can be read.
    @Sendable public static func serversOffset(_ time: Int) -> Int {
        var time = time_t(time)
        var parts = tm()
        guard localtime_r(&time, &parts) != nil else { return 0 }
        return parts.tm_gmtoff
    }
}
