/// A user's limits. 0 is no limit.
public struct Quota: Hashable, Sendable {
    /// Total size of the accepted recordings whose audio is in the inbox.
    public var bytes: Int64
    /// How many such recordings.
    public var files: Int64
    /// Minutes of sound that may be accepted in each calendar day, even if it is deleted later, without
    /// recordings that are replaced on that day before they were transcribed.
    public var minutesPerDay: Int64

    public init(bytes: Int64 = 0, files: Int64 = 0, minutesPerDay: Int64 = 0) {
        self.bytes = bytes
        self.files = files
        self.minutesPerDay = minutesPerDay
    }

    /// The limits of a user with limits of their own.
    public func with(_ own: QuotaOverrides) -> Quota {
        Quota(
            bytes: own.bytes ?? bytes, files: own.files ?? files,
            minutesPerDay: own.minutesPerDay ?? minutesPerDay)
    }
}

/// One user's own limits. Nil is the daemon's setting; 0 is no limit.
public struct QuotaOverrides: Hashable, Sendable {
    public var bytes: Int64?
    public var files: Int64?
    public var minutesPerDay: Int64?

    public init(bytes: Int64? = nil, files: Int64? = nil, minutesPerDay: Int64? = nil) {
        self.bytes = bytes
        self.files = files
        self.minutesPerDay = minutesPerDay
    }
}

/// A user's use of the quota.
public struct QuotaUsage: Hashable, Sendable {
    public var bytes: Int64
    public var files: Int64
    /// Of sound that was taken in on `day`.
    public var milliseconds: Int64
    /// A calendar day, counted from 1 January 1970.
    var day: Int

    public init(bytes: Int64 = 0, files: Int64 = 0, milliseconds: Int64 = 0, day: Int = 0) {
        self.bytes = bytes
        self.files = files
        self.milliseconds = milliseconds
        self.day = day
    }

    /// The same as of `day`: minutes of another day do not count.
    public func on(_ day: Int) -> QuotaUsage {
        QuotaUsage(bytes: bytes, files: files, milliseconds: day == self.day ? milliseconds : 0, day: day)
    }
}

/// The usage that a recording would add.
public struct QuotaClaim: Hashable, Sendable {
    /// Bytes.
    public var size: Int64
    public var milliseconds: Int64
    /// The size of the counted recording that it replaces; nil if it replaces none.
    var replaced: Int64?

    public init(size: Int64, milliseconds: Int64, replaced: Int64? = nil) {
        self.size = size
        self.milliseconds = milliseconds
        self.replaced = replaced
    }

    /// - Parameter duration: seconds as reported by a worker: any number.
    public static func milliseconds(of duration: Double) -> Int64 {
        Int64(nearest: AudioFacts.bounded(duration) * 1000)
    }
}

extension Quota {
    /// The reason to refuse a recording; nil if it fits. Only an increase is refused: a smaller recording may
    /// replace a larger one even while both are above the limit.
    public func refusal(of claim: QuotaClaim, beside use: QuotaUsage) -> Rejection? {
        // A declared length may be any number.
        let others = use.bytes.minus(claim.replaced ?? 0)
        var reasons: [Rejection] = []
        if bytes > 0, others.plus(claim.size) > bytes, claim.size > claim.replaced ?? 0 {
            reasons.append(.overQuotaBytes(size: claim.size, used: others, limit: bytes))
        }
        if files > 0, use.files >= files, claim.replaced == nil {
            reasons.append(.overQuotaFiles(used: use.files, limit: files))
        }
        if minutesPerDay > 0, use.milliseconds.plus(claim.milliseconds) > milliseconds, claim.milliseconds > 0
        {
            reasons.append(
                .overQuotaMinutes(
                    duration: Double(claim.milliseconds) / 1000, used: Double(use.milliseconds) / 1000,
                    limit: Double(minutesPerDay) * 60))
        }
        // A recording that can never fit is reported first: making room would not help.
        return reasons.first(where: \.exceedsQuotaAlone) ?? reasons.first
    }

    /// Bytes of a user's edits that do not count, so that words can be corrected in a full folder.
    public static let freeText: Int64 = 16 << 20

    /// The reason to refuse an edit; nil if it fits.
    /// - Parameters:
    ///   - size: bytes of the words and their times.
    ///   - texts: bytes of all the user's earlier edits; the part beyond ``freeText`` is in `use`.
    public func refusal(ofText size: Int64, beside use: QuotaUsage, texts: Int64) -> Rejection? {
        let growth = max(0, texts.plus(size) - Self.freeText) - max(0, texts - Self.freeText)
        guard bytes > 0, growth > 0, use.bytes.plus(growth) > bytes else { return nil }
        return .overQuotaBytes(size: growth, used: use.bytes, limit: bytes)
    }

    /// The largest and longest recording that fits beside `use`; nil where none does.
    public func room(beside use: QuotaUsage) -> QuotaClaim? {
        let size = bytes > 0 ? bytes.minus(use.bytes) : .max
        let time = minutesPerDay > 0 ? milliseconds.minus(use.milliseconds) : .max
        guard size > 0, time > 0, files == 0 || use.files < files else { return nil }
        return QuotaClaim(size: size, milliseconds: time)
    }

    /// Milliseconds of sound that recordings may grow by; their files' bytes are in `use` already. Nil if
    /// those exceed the quota.
    public func roomForGrowth(beside use: QuotaUsage) -> Int64? {
        if bytes > 0, use.bytes > bytes { return nil }
        return minutesPerDay > 0 ? max(0, milliseconds.minus(use.milliseconds)) : .max
    }

    private var milliseconds: Int64 {
        let (product, overflows) = minutesPerDay.multipliedReportingOverflow(by: 60_000)
        return overflows ? .max : product
    }
}
