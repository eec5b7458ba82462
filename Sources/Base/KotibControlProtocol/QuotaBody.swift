/// A user's quota and its use, as `users` and `auth/me` show it.
public struct QuotaBody: Codable, Hashable, Sendable {
    /// Of the accepted recordings whose audio is in the folder.
    public var bytes: Part
    /// Such recordings.
    public var files: Part
    /// Of sound that was taken in today, by the server's calendar.
    public var minutesPerDay: Part

    enum CodingKeys: String, CodingKey {
        case bytes, files
        case minutesPerDay = "minutes_per_day"
    }

    public init(bytes: Part, files: Part, minutesPerDay: Part) {
        self.bytes = bytes
        self.files = files
        self.minutesPerDay = minutesPerDay
    }

    public struct Part: Codable, Hashable, Sendable {
        /// Null for none.
        public var limit: Int64?
        public var used: Double
        /// Whether it is set for this user, and not the daemon's setting.
        public var isOwn: Bool

        enum CodingKeys: String, CodingKey {
            case limit, used
            case isOwn = "is_own"
        }

        public init(limit: Int64?, used: Double, isOwn: Bool) {
            self.limit = limit
            self.used = used
            self.isOwn = isOwn
        }
    }
}
