import FoundationEssentials
import GRDB
import KotibModel

/// A one-time code to be stored.
public struct CodeRequest: Sendable {
    /// E.164.
    public var phone: String
    public var peer: String
    /// The keyed hash of number and code, never the code.
    public var hash: String
    public var expires: Date
    /// Whether codes may be sent to such numbers at all.
    public var isAllowed: Bool
    /// The user of the device's token, even if that has expired.
    public var device: UserID?

    public init(
        phone: String, peer: String, hash: String, expires: Date, isAllowed: Bool, device: UserID? = nil
    ) {
        self.phone = phone
        self.peer = peer
        self.device = device
        self.hash = hash
        self.expires = expires
        self.isAllowed = isAllowed
    }
}

public enum CodeOutcome: Hashable, Sendable {
    /// Stored; to be sent only if `send`.
    case kept(send: Bool)
    /// Seconds until there may be another.
    case limited(seconds: TimeInterval)
    /// The day's message limit is reached; seconds until there is room for one more.
    case budgetSpent(seconds: TimeInterval)
}

/// A login that is tried.
public struct CodeAttempt: Sendable {
    public var phone: String
    public var peer: String
    public var hash: String
    /// The `jti` of the token that a right code gives, and its expiry.
    public var token: String
    public var tokenExpires: Date
    /// The number is an admin's by the configuration.
    public var isAdmin: Bool
    /// The user of the device's token, even if that has expired.
    public var device: UserID?
    /// For a number that has no user yet.
    public var folders: [FolderCandidate]

    public init(
        phone: String, peer: String, hash: String, token: String, tokenExpires: Date, isAdmin: Bool,
        device: UserID? = nil, folders: [FolderCandidate]
    ) {
        self.phone = phone
        self.peer = peer
        self.device = device
        self.folders = folders
        self.hash = hash
        self.token = token
        self.tokenExpires = tokenExpires
        self.isAdmin = isAdmin
    }
}

/// A folder that a new user may have: only the daemon, root or the account of its name may have made it.
public struct FolderCandidate: Hashable, Sendable {
    public var name: UserFolder
    /// The user of the machine that it belongs to, or will.
    public var owner: UInt32
    /// Whether it exists, so that a user who enrolled by it may be the number's.
    public var isThere: Bool

    public init(name: UserFolder, owner: UInt32, isThere: Bool) {
        self.name = name
        self.owner = owner
        self.isThere = isThere
    }
}

public enum CodeAttemptOutcome: Hashable, Sendable {
    /// New, where the number had no user before.
    case right(User, isNew: Bool)
    case wrong
    /// Seconds until another try counts.
    case limited(seconds: TimeInterval)
}

/// One-time codes, and logins by them.
public struct CodeStore: CatalogStore {
    let database: CatalogDatabase

    static let hour: TimeInterval = 3600
    static let day: TimeInterval = 86_400
    static let month: TimeInterval = 30 * day
    /// The number of stored guesses that could not be right. They count only against the peer that made them,
    /// and for an hour.
    static let maxVainGuesses = 5_000

    /// Stores a new code in place of the number's old one, within the limits. Limits and work are the same
    /// whoever the number belongs to. A code that is not sent cannot be used.
    public func keep(
        _ request: CodeRequest, limits: CodeLimits, at reading: ClockReading
    ) async throws(CatalogError) -> CodeOutcome {
        try await write("keepCode") { database in
            let time = try database.advanceTime(reading)
            try database.forgetAttempts(time)
            let applicant = Applicant(
                phone: request.phone, peer: request.peer, device: request.device, time: time)
            let trustLevels = try database.trustLevels(applicant)
            let (trustLevel, wait) = try trustLevels.best {
                try database.wait(forCodeTo: applicant, as: $0, limits)
            }
            if let wait { return .limited(seconds: wait) }
            let spent = try database.wait(
                AttemptSQL.all, ["kind": "message"],
                most: CodeLimits.share(limits.messagesPerDay, trustLevel),
                within: Self.day, time)
            if let spent { return .budgetSpent(seconds: spent) }
            let isActive = try database.row(UserSQL.byPhone, [request.phone])
                .map { $0["is_active"] as Bool }
            let send = request.isAllowed && isActive ?? true
            try database.run(CodeSQL.deleteEnded, [time])
            try database.run(
                CodeSQL.replace,
                [
                    "phone": request.phone, "code": send ? request.hash : "",
                    "expires": Timestamp.text(request.expires), "now": Timestamp.text(reading.wall),
                    "made": time, "ends": time + request.expires.timeIntervalSince(reading.wall),
                ])
            try database.note("code", request.phone, request.peer, trustLevel, time)
            if send { try database.note("message", request.phone, request.peer, trustLevel, time) }
            return .kept(send: send)
        }
    }

    /// Redeems the code if it is right, and creates the token; the first time, the number gets a user. All of
    /// it is one transaction, so that only one of several equal attempts succeeds.
    ///
    /// Comparing hashes byte by byte reveals nothing: without the key nobody can choose a hash.
    public func redeem(
        _ trial: CodeAttempt, limits: CodeLimits, at reading: ClockReading
    ) async throws(CatalogError) -> CodeAttemptOutcome {
        try await write("tryCode") { database in
            let time = try database.advanceTime(reading)
            try database.forgetAttempts(time)
            let applicant = Applicant(phone: trial.phone, peer: trial.peer, device: trial.device, time: time)
            let (trustLevel, wait) = try database.trustLevels(applicant).best {
                try database.wait(forGuessOf: applicant, as: $0, limits)
            }
            if let wait { return .limited(seconds: wait) }
            let live = try database.row(
                CodeSQL.live, ["phone": trial.phone, "now": Timestamp.text(reading.wall), "time": time])
            let canTry =
                try live.map { try database.canTry($0, applicant, as: trustLevel, limits.tries) } ?? false
            if canTry {
                try database.run(CodeSQL.use, ["phone": trial.phone, "code": trial.hash])
                if database.changesCount == 1 { return try database.login(trial, time, reading) }
            }
            // Against the number counts only what could have been right: nobody is locked out of a login that
            // they have not asked for. A code that was not sent counts like another, so that nobody learns
            // which it was.
            let couldBeRight = canTry && live?["is_sent"] == true
            try database.note(
                "guess", canTry ? trial.phone : "", trial.peer, trustLevel, time, couldBeRight: couldBeRight)
            return .wrong
        }
    }
}

extension [TrustLevel] {
    /// The first trust level that need not wait; if all must, the one with the shortest wait.
    fileprivate func best(_ wait: (TrustLevel) throws -> TimeInterval?) rethrows -> (
        TrustLevel, TimeInterval?
    ) {
        var best: (trustLevel: TrustLevel, wait: TimeInterval)?
        for trustLevel in self {
            guard let wait = try wait(trustLevel) else { return (trustLevel, nil) }
            if best.map({ wait < $0.wait }) ?? true { best = (trustLevel, wait) }
        }
        return (best?.trustLevel ?? .stranger, best?.wait)
    }
}

extension Database {
    /// A device has its own tries, so has a peer, and all strangers share some: nobody uses up a code for
    /// others.
    fileprivate func canTry(
        _ code: Row, _ applicant: Applicant, as trustLevel: TrustLevel, _ most: Int
    ) throws -> Bool {
        let made: TimeInterval = code["made_at"]
        func tries(_ sql: String) throws -> Int {
            let arguments: StatementArguments = [
                "phone": applicant.phone, "made": made, "peer": applicant.peer,
                "standing": trustLevel.rawValue,
            ]
            return try row(sql, arguments)?["count"] ?? 0
        }
        switch trustLevel {
        case .device: return try tries(AttemptSQL.triesByStanding) < most
        case .peer: return try tries(AttemptSQL.triesByPeer) < most
        case .stranger:
            return try tries(AttemptSQL.triesByPeer) < most && tries(AttemptSQL.triesByStanding) < most
        }
    }

    fileprivate func login(
        _ trial: CodeAttempt, _ time: TimeInterval, _ reading: ClockReading
    ) throws -> CodeAttemptOutcome {
        let isNew = try row(UserSQL.byPhone, [trial.phone]) == nil
        var user = try userByPhone(trial, now: reading.wall)
        guard user.isActive else { return .wrong }
        if trial.isAdmin && user.role != .admin {
            try run(UserSQL.promote, [trial.phone])
            user.role = .admin
        }
        try remember(trial.peer, of: user.id, time)
        try run(TokenSQL.deleteEnded, [time])
        try run(
            TokenSQL.insert,
            [
                "token": trial.token, "user": user.id.rawValue, "now": Timestamp.text(reading.wall),
                "expires": Timestamp.text(trial.tokenExpires),
                "ends": time + trial.tokenExpires.timeIntervalSince(reading.wall),
            ])
        try run(TokenSQL.deleteSurplus, ["user": user.id.rawValue, "most": TokenStore.maxTokens])
        return .right(user, isNew: isNew)
    }

    fileprivate func note(
        _ kind: String, _ phone: String, _ peer: String, _ trustLevel: TrustLevel, _ time: TimeInterval,
        couldBeRight: Bool = true
    ) throws {
        try run(
            AttemptSQL.insert,
            [
                "kind": kind, "phone": phone, "peer": peer, "time": time, "standing": trustLevel.rawValue,
                "could_be_right": couldBeRight,
            ])
        // Now and then is enough.
        if !couldBeRight, lastInsertedRowID % 64 == 0 {
            try run(AttemptSQL.deleteVain, ["most": CodeStore.maxVainGuesses])
        }
    }

    /// Those that no window reaches; also those from a future, which a catalog of another machine may have.
    fileprivate func forgetAttempts(_ time: TimeInterval) throws {
        for (kind, window) in [
            ("code", CodeStore.day), ("message", CodeStore.day), ("guess", CodeStore.month),
        ] {
            try run(AttemptSQL.deleteBefore, ["kind": kind, "before": time - window])
            try run(AttemptSQL.deleteAfter, ["kind": kind, "after": time + CodeStore.day])
        }
        try run(
            AttemptSQL.deleteOfPhoneBefore, ["kind": "guess", "phone": "", "before": time - CodeStore.hour])
    }

    /// Clears the codes and failed tries of this number. They still count against the peers that made them.
    func forgetAttempts(at phone: String) throws {
        for kind in ["guess", "code"] {
            try run(AttemptSQL.withoutPhone, ["kind": kind, "phone": phone])
        }
    }

    /// A folder that enrolled by itself under the number's digits is linked if it is nobody else's, neither
    /// another number's nor, on the disk, another account's.
    fileprivate func userByPhone(_ trial: CodeAttempt, now: Date) throws -> User {
        if let row = try row(UserSQL.byPhone, [trial.phone]) { return try User(row) }
        let digits = UserFolder(String(trial.phone.dropFirst()))
        for offer in trial.folders {
            if let row = try row(UserSQL.byFolder, [offer.name.blob]) {
                let user = try User(row)
                guard user.phone == nil, offer.name == digits, offer.isThere else { continue }
                try run(
                    UserSQL.link, ["phone": trial.phone, "owner": offer.owner, "user": user.id.rawValue])
                return try knownUser(user.id)
            }
            try run(
                UserSQL.insert,
                [
                    "folder": offer.name.blob, "phone": trial.phone, "role": Role.user.rawValue,
                    "now": Timestamp.text(now),
                ])
            let id = UserID(rawValue: lastInsertedRowID)
            try run(UserSQL.ownFolder, ["owner": offer.owner, "user": id.rawValue])
            return try knownUser(id)
        }
        throw DatabaseError(resultCode: .SQLITE_CONSTRAINT, message: "no folder is free for the number")
    }
}

enum CodeSQL {
    static let replace = """
        INSERT INTO otp_tokens (phone_number, otp_code, expires_at, created_at, made_at, ends_at)
        VALUES (:phone, :code, :expires, :now, :made, :ends)
        ON CONFLICT (phone_number) DO UPDATE SET otp_code = excluded.otp_code, is_used = 0,
            expires_at = excluded.expires_at, created_at = excluded.created_at, made_at = excluded.made_at,
            ends_at = excluded.ends_at
        """
    /// Both clocks must say that it has not ended.
    static let live = """
        SELECT made_at, otp_code <> '' AS is_sent FROM otp_tokens
        WHERE phone_number = :phone AND is_used = 0 AND expires_at > :now AND ends_at > :time
        """
    static let use = """
        UPDATE otp_tokens SET is_used = 1 WHERE phone_number = :phone AND otp_code = :code AND is_used = 0
        """
    static let delete = "DELETE FROM otp_tokens WHERE phone_number = ?"
    static let deleteEnded = "DELETE FROM otp_tokens WHERE ends_at <= ?"
}

enum AttemptSQL {
    static let insert = """
        INSERT INTO account_attempts (kind, phone_number, peer, at, standing, could_be_right)
        VALUES (:kind, :phone, :peer, :time, :standing, :could_be_right)
        """
    static let ofPhone = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts
        WHERE kind = :kind AND phone_number = :phone AND standing = :standing AND at > :after
        """
    static let ofPeerAtPhone = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts INDEXED BY account_attempts_phone
        WHERE kind = :kind AND phone_number = :phone AND standing = :standing AND peer = :peer AND at > :after
        """
    static let ofPeer = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts
        WHERE kind = :kind AND peer = :peer AND at > :after
        """
    static let all = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts WHERE kind = :kind AND at > :after
        """
    static let triesByStanding = """
        SELECT count(*) AS count FROM account_attempts
        WHERE kind = 'guess' AND phone_number = :phone AND at >= :made AND standing = :standing
        """
    /// Of a peer, whether as a known one or not; a device's are its own.
    static let triesByPeer = """
        SELECT count(*) AS count FROM account_attempts INDEXED BY account_attempts_phone
        WHERE kind = 'guess' AND phone_number = :phone AND at >= :made AND peer = :peer
            AND standing <> 'device'
        """
    static let deleteBefore = "DELETE FROM account_attempts WHERE kind = :kind AND at < :before"
    static let deleteOfPhoneBefore = """
        DELETE FROM account_attempts WHERE kind = :kind AND phone_number = :phone AND at < :before
        """
    static let withoutPhone = """
        UPDATE account_attempts SET phone_number = '', could_be_right = 0
        WHERE kind = :kind AND phone_number = :phone
        """
    static let deleteAfter = "DELETE FROM account_attempts WHERE kind = :kind AND at > :after"
    /// Of the guesses that could not be right only the latest, however many peers there are.
    static let deleteVain = """
        DELETE FROM account_attempts WHERE kind = 'guess' AND could_be_right = 0
            AND at <= (\(oldest("at"))) AND id <= (\(oldest("id")))
        """

    /// Of those that there is one too many of.
    private static func oldest(_ column: String) -> String {
        """
        SELECT \(column) FROM account_attempts INDEXED BY account_attempts_vain
        WHERE kind = 'guess' AND could_be_right = 0 ORDER BY at DESC, id DESC LIMIT 1 OFFSET :most
        """
    }
}
