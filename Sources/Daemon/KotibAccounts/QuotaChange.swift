import KotibModel

extension UserChange {
    /// A user's new limits. Nil fields are unchanged.
    public struct Quota: Hashable, Sendable {
        public enum Limit: Hashable, Sendable {
            /// 0 for as much as they like.
            case own(Int64)
            /// The daemon's setting.
            case daemons

            fileprivate var number: Int64? {
                if case .own(let number) = self { number } else { nil }
            }
        }

        public var bytes: Limit?
        public var files: Limit?
        public var minutesPerDay: Limit?

        public init(bytes: Limit? = nil, files: Limit? = nil, minutesPerDay: Limit? = nil) {
            self.bytes = bytes
            self.files = files
            self.minutesPerDay = minutesPerDay
        }

        func apply(to quota: inout QuotaOverrides) {
            if let bytes { quota.bytes = bytes.number }
            if let files { quota.files = files.number }
            if let minutesPerDay { quota.minutesPerDay = minutesPerDay.number }
        }
    }
}
