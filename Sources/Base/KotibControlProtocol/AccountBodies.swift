/// `POST auth/send_otp`.
public struct SendCodeRequest: Codable, Hashable, Sendable {
    public var phoneNumber: String

    enum CodingKeys: String, CodingKey { case phoneNumber = "phone_number" }

    public init(phoneNumber: String) { self.phoneNumber = phoneNumber }
}

/// `POST auth/verify_otp`.
public struct VerifyCodeRequest: Codable, Hashable, Sendable {
    public var phoneNumber: String
    public var code: String

    enum CodingKeys: String, CodingKey {
        case phoneNumber = "phone_number"
        case code = "otp_code"
    }

    public init(phoneNumber: String, code: String) {
        self.phoneNumber = phoneNumber
        self.code = code
    }
}

/// The answer of `POST auth/verify_otp`.
public struct LoginBody: Codable, Hashable, Sendable {
    public var accessToken: String
    /// `bearer`.
    var tokenType: String
    var userID: Int64
    public var phoneNumber: String
    var role: String

    enum CodingKeys: String, CodingKey {
        case accessToken = "access_token"
        case tokenType = "token_type"
        case userID = "user_id"
        case phoneNumber = "phone_number"
        case role
    }

    public init(accessToken: String, userID: Int64, phoneNumber: String, role: String) {
        self.accessToken = accessToken
        tokenType = "bearer"
        self.userID = userID
        self.phoneNumber = phoneNumber
        self.role = role
    }
}

/// `POST auth/logout`; the body may be left out.
public struct LogoutRequest: Codable, Hashable, Sendable {
    /// Ends every session of the user, not only this one.
    public var everywhere: Bool?

    public init(everywhere: Bool?) { self.everywhere = everywhere }
}

/// `GET auth/me`: the caller.
public struct CallerBody: Codable, Hashable, Sendable {
    /// `operator` for the local operator, else `token`.
    public var by: String
    /// Null for the local operator.
    public var user: UserBody?

    public init(by: String, user: UserBody?) {
        self.by = by
        self.user = user
    }
}

/// A user, as `users` shows them.
public struct UserBody: Codable, Hashable, Sendable {
    public var id: Int64
    /// The name of the folder in the inbox.
    public var name: String
    public var phoneNumber: String?
    public var role: String
    public var isActive: Bool
    public var createdAt: String
    /// Of `txt`, `srt`, `vtt`, `json`, `md`.
    public var sidecars: [String]
    /// ISO 639-1; null for the daemon's setting.
    public var language: String?
    /// `local` or `openai`; null for the daemon's setting.
    public var engine: String?
    /// Nil of an earlier daemon.
    public var quota: QuotaBody?

    enum CodingKeys: String, CodingKey {
        case id, name
        case phoneNumber = "phone_number"
        case role
        case isActive = "is_active"
        case createdAt = "created_at"
        case sidecars, language, engine, quota
    }

    public init(
        id: Int64, name: String, phoneNumber: String?, role: String, isActive: Bool, createdAt: String,
        sidecars: [String], language: String?, engine: String? = nil, quota: QuotaBody? = nil
    ) {
        self.id = id
        self.name = name
        self.phoneNumber = phoneNumber
        self.role = role
        self.isActive = isActive
        self.createdAt = createdAt
        self.sidecars = sidecars
        self.language = language
        self.engine = engine
        self.quota = quota
    }
}

/// `GET users?skip&limit&name`.
public struct UserListBody: Codable, Hashable, Sendable {
    public var items: [UserBody]
    public var total: Int
    public var skip: Int
    public var limit: Int

    public init(items: [UserBody], total: Int, skip: Int, limit: Int) {
        self.items = items
        self.total = total
        self.skip = skip
        self.limit = limit
    }
}

/// `POST users`.
public struct AddUserRequest: Codable, Hashable, Sendable {
    public var name: String
    public var phoneNumber: String?
    public var role: String?

    enum CodingKeys: String, CodingKey {
        case name
        case phoneNumber = "phone_number"
        case role
    }

    public init(name: String, phoneNumber: String? = nil, role: String? = nil) {
        self.name = name
        self.phoneNumber = phoneNumber
        self.role = role
    }
}

/// `PATCH users/{id}`. Omitted fields are unchanged. A user may set `sidecars`, `language` and `engine` of
/// their own account; only an admin may set the rest.
public struct ChangeUserRequest: Codable, Hashable, Sendable {
    /// An empty string unlinks the number.
    public var phoneNumber: String?
    public var role: String?
    public var isActive: Bool?
    public var sidecars: [String]?
    /// An empty string restores the daemon's setting.
    public var language: String?
    /// One of the engines that the daemon offers. An empty string restores the daemon's setting.
    public var engine: String?
    /// Bytes. As for the next two fields, 0 is no limit, and ``daemonDefaultQuota`` restores the daemon's
    /// setting.
    public var quotaBytes: Int64?
    public var quotaFiles: Int64?
    /// Minutes of sound a day.
    public var quotaMinutes: Int64?

    /// Stands for the daemon's own setting in the place of a limit.
    public static let daemonDefaultQuota: Int64 = -1

    enum CodingKeys: String, CodingKey {
        case phoneNumber = "phone_number"
        case role
        case isActive = "is_active"
        case sidecars, language, engine
        case quotaBytes = "quota_bytes"
        case quotaFiles = "quota_files"
        case quotaMinutes = "quota_minutes"
    }

    /// Whether a user may change this of their own account.
    public var isAllowedForOwnAccount: Bool {
        phoneNumber == nil && role == nil && isActive == nil && quotaBytes == nil && quotaFiles == nil
            && quotaMinutes == nil
    }

    public init(
        phoneNumber: String? = nil, role: String? = nil, isActive: Bool? = nil, sidecars: [String]? = nil,
        language: String? = nil, engine: String? = nil, quotaBytes: Int64? = nil, quotaFiles: Int64? = nil,
        quotaMinutes: Int64? = nil
    ) {
        self.phoneNumber = phoneNumber
        self.role = role
        self.isActive = isActive
        self.sidecars = sidecars
        self.language = language
        self.engine = engine
        self.quotaBytes = quotaBytes
        self.quotaFiles = quotaFiles
        self.quotaMinutes = quotaMinutes
    }
}

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
