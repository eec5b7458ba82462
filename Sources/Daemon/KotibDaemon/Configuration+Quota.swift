import KotibCatalog
import KotibModel

extension Configuration {
    /// What every user may have who has nothing of their own. 0: as much as they like.
    public struct QuotaSettings: Sendable {
        /// Of the recordings in the folder.
        public var bytes = 0
        /// Of sound that is taken in.
        public var minutesPerDay = 0
        /// Recordings in the folder.
        public var files = 0
    }

    var quotaLimits: Quota {
        Quota(
            bytes: Int64(quota.bytes), files: Int64(quota.files), minutesPerDay: Int64(quota.minutesPerDay))
    }

    /// By this machine's clock and time zone.
    var quotas: Quotas { Quotas(limits: quotaLimits) }
}

extension Settings {
    static let quota = [
        integer("quota.bytes", [], 0...(1 << 53), \.quota.bytes),
        integer("quota.minutes_per_day", [], 0...1_000_000_000, \.quota.minutesPerDay),
        integer("quota.files", [], 0...(1 << 53), \.quota.files),
    ]
}
