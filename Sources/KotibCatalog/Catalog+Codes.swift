import FoundationEssentials
import GRDB
import KotibModel

/// How many codes and guesses there may be. Counted in the catalog, so that a restart forgets none.
public struct CodeLimits: Hashable, Sendable {
    /// Codes for one number in a day.
    public var codesPerPhone = 10
    /// Seconds between two codes for one number.
    public var pause: TimeInterval = 30
    /// Codes that one peer asks for in an hour.
    public var codesPerPeer = 20
    /// Codes in all in a minute.
    public var codesPerMinute = 60
    /// Messages in all in a day.
    public var messagesPerDay = 500
    /// Wrong tries of one code.
    public var tries = 3
    /// Wrong tries for one number in a day, whatever the code: a chance of 2×10^-5.
    public var guessesPerPhone = 20
    /// Wrong tries for one number in 30 days: a chance of 10^-4. A right login of its owner or an administrator's
    /// word (`forgetsAttempts` of ``Catalog/changeUser(_:forgetsAttempts:_:)``) begins anew.
    public var guessesPerPhoneInMonth = 100
    /// Wrong tries of one peer in an hour.
    public var guessesPerPeer = 60

    public init() {}
}

/// A one-time code on its way into a row.
public struct CodeRequest: Sendable {
    /// E.164.
    public var phone: String
    public var peer: String
    /// The keyed hash of number and code, never the code.
    public var hash: String
    public var expires: Date
    /// Whether codes may be sent to such numbers at all.
    public var isAllowed: Bool

    public init(phone: String, peer: String, hash: String, expires: Date, isAllowed: Bool) {
        self.phone = phone
        self.peer = peer
        self.hash = hash
        self.expires = expires
        self.isAllowed = isAllowed
    }
}

public enum CodeOutcome: Hashable, Sendable {
    /// Kept; to be sent only if `send`.
    case kept(send: Bool)
    /// Seconds until there may be another.
    case limited(seconds: TimeInterval)
    /// The day's messages are used up; seconds until there is one more.
    case budgetSpent(seconds: TimeInterval)
}

/// A login that is tried.
public struct CodeTrial: Sendable {
    public var phone: String
    public var peer: String
    public var hash: String
    /// The `jti` of the token that a right code gives, and its end.
    public var token: String
    public var tokenExpires: Date
    /// The number is an admin's by the configuration.
    public var isAdmin: Bool

    public init(
        phone: String, peer: String, hash: String, token: String, tokenExpires: Date, isAdmin: Bool
    ) {
        self.phone = phone
        self.peer = peer
        self.hash = hash
        self.token = token
        self.tokenExpires = tokenExpires
        self.isAdmin = isAdmin
    }
}

public enum TrialOutcome: Hashable, Sendable {
    /// New, where the number had no user before.
    case right(User, isNew: Bool)
    case wrong
    /// Seconds until another try counts.
    case limited(seconds: TimeInterval)
}

extension Catalog {
    static let hour: TimeInterval = 3600
    static let day: TimeInterval = 86_400
    static let month: TimeInterval = 30 * day

    /// Keeps a new code in the place of the number's old one, if the limits let it. The limits are the same, and
    /// the work is, whoever the number belongs to.
    public func keepCode(
        _ request: CodeRequest, limits: CodeLimits, now: Date
    ) async throws(CatalogError) -> CodeOutcome {
        try await write("keepCode") { database in
            try database.forgetAttempts(now)
            if let wait = try database.wait(request, limits, now) { return .limited(seconds: wait) }
            let spent = try database.wait(
                AttemptSQL.all, ["message"], most: limits.messagesPerDay, within: Self.day, now)
            if let spent { return .budgetSpent(seconds: spent) }
            try database.run(CodeSQL.deleteExpired, [Timestamp.text(now)])
            try database.run(
                CodeSQL.replace,
                [request.phone, request.hash, Timestamp.text(request.expires), Timestamp.text(now)])
            try database.note("code", request.phone, request.peer, now)
            let isActive = try database.row(UserSQL.byPhone, [request.phone])
                .map { $0["is_active"] as Bool }
            let send = request.isAllowed && isActive ?? true
            if send { try database.note("message", request.phone, request.peer, now) }
            return .kept(send: send)
        }
    }

    /// Uses the code up, if it is the right one, and makes the token; the number gets a user at the first time.
    /// All of it is one transaction, so of any number of equal trials one is right.
    ///
    /// That SQLite compares hashes byte by byte tells nothing: who has no key cannot choose a hash.
    public func tryCode(
        _ trial: CodeTrial, limits: CodeLimits, now: Date
    ) async throws(CatalogError) -> TrialOutcome {
        try await write("tryCode") { database in
            try database.forgetAttempts(now)
            if let wait = try database.wait(trial, limits, now) { return .limited(seconds: wait) }
            try database.run(CodeSQL.use, [trial.phone, trial.hash, limits.tries, Timestamp.text(now)])
            guard database.changesCount == 1 else {
                // Against the number counts only what could have been right: nobody is locked out of a login
                // that they have not asked for.
                try database.run(
                    CodeSQL.countTry, [trial.phone, limits.tries, Timestamp.text(now)])
                let couldBeRight = database.changesCount == 1
                try database.note("guess", couldBeRight ? trial.phone : "", trial.peer, now)
                return .wrong
            }
            let isNew = try database.row(UserSQL.byPhone, [trial.phone]) == nil
            var user = try database.userByPhone(trial.phone, now: now)
            guard user.isActive else { return .wrong }
            try database.forgetGuesses(for: trial.phone)
            if trial.isAdmin && user.role != .admin {
                try database.run(UserSQL.promote, [trial.phone])
                user.role = .admin
            }
            try database.run(TokenSQL.deleteExpired, [Timestamp.text(now)])
            try database.run(
                TokenSQL.insert,
                [trial.token, user.id.rawValue, Timestamp.text(now), Timestamp.text(trial.tokenExpires)])
            return .right(user, isNew: isNew)
        }
    }
}

extension Database {
    fileprivate func wait(
        _ request: CodeRequest, _ limits: CodeLimits, _ now: Date
    ) throws -> TimeInterval? {
        let phone: StatementArguments = ["code", request.phone]
        return try wait(AttemptSQL.ofPhone, phone, most: 1, within: limits.pause, now)
            ?? wait(AttemptSQL.ofPhone, phone, most: limits.codesPerPhone, within: Catalog.day, now)
            ?? wait(
                AttemptSQL.ofPeer, ["code", request.peer], most: limits.codesPerPeer, within: Catalog.hour,
                now)
            ?? wait(AttemptSQL.all, ["code"], most: limits.codesPerMinute, within: 60, now)
    }

    fileprivate func wait(_ trial: CodeTrial, _ limits: CodeLimits, _ now: Date) throws -> TimeInterval? {
        let phone: StatementArguments = ["guess", trial.phone]
        return try wait(
            AttemptSQL.ofPhone, phone, most: limits.guessesPerPhoneInMonth, within: Catalog.month, now)
            ?? wait(AttemptSQL.ofPhone, phone, most: limits.guessesPerPhone, within: Catalog.day, now)
            ?? wait(
                AttemptSQL.ofPeer, ["guess", trial.peer], most: limits.guessesPerPeer, within: Catalog.hour,
                now)
    }

    /// Seconds until one more fits; nil where it fits now.
    fileprivate func wait(
        _ sql: String, _ whose: StatementArguments, most: Int, within window: TimeInterval, _ now: Date
    ) throws -> TimeInterval? {
        let time = now.timeIntervalSince1970
        guard let row = try row(sql, whose + [time - window]), row["count"] as Int >= most else { return nil }
        return max(1, (row["first"] as Double? ?? time) + window - time)
    }

    fileprivate func note(_ kind: String, _ phone: String, _ peer: String, _ now: Date) throws {
        try run(AttemptSQL.insert, [kind, phone, peer, now.timeIntervalSince1970])
    }

    /// Those that no window reaches; also those from a future that a wrong clock made.
    fileprivate func forgetAttempts(_ now: Date) throws {
        let time = now.timeIntervalSince1970
        for (kind, window) in [("code", Catalog.day), ("message", Catalog.day), ("guess", Catalog.month)] {
            try run(AttemptSQL.deleteBefore, [kind, time - window])
            try run(AttemptSQL.deleteAfter, [kind, time + Catalog.day])
        }
        try run(AttemptSQL.deleteOfPhoneBefore, ["guess", "", time - Catalog.day])
    }

    /// They stay counted against who made them.
    fileprivate func forgetGuesses(for phone: String) throws {
        try run(AttemptSQL.withoutPhone, ["guess", phone])
    }

    /// As if nobody had asked for codes of this number, or guessed at them.
    func forgetAttempts(at phone: String) throws {
        try forgetGuesses(for: phone)
        try run(AttemptSQL.withoutPhone, ["code", phone])
    }

    /// A folder that enrolled by itself under the number's digits is linked where it is nobody else's.
    fileprivate func userByPhone(_ phone: String, now: Date) throws -> User {
        if let row = try row(UserSQL.byPhone, [phone]) { return try User(row) }
        let digits = String(phone.dropFirst())
        var (folder, number) = (digits, 1)
        while let row = try row(UserSQL.byFolder, [Data(folder.utf8)]) {
            let user = try User(row)
            if user.phone == nil && folder == digits {
                try run(UserSQL.link, [phone, user.id.rawValue])
                return try knownUser(user.id)
            }
            number += 1
            folder = "\(digits)-\(number)"
        }
        try run(UserSQL.insert, [Data(folder.utf8), phone, Role.user.rawValue, Timestamp.text(now)])
        return try knownUser(UserID(rawValue: lastInsertedRowID))
    }
}

enum CodeSQL {
    static let replace = """
        INSERT INTO otp_tokens (phone_number, otp_code, expires_at, created_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (phone_number) DO UPDATE SET otp_code = excluded.otp_code, tries = 0, is_used = 0,
            expires_at = excluded.expires_at, created_at = excluded.created_at
        """
    static let use = """
        UPDATE otp_tokens SET is_used = 1
        WHERE phone_number = ? AND otp_code = ? AND is_used = 0 AND tries < ? AND expires_at > ?
        """
    /// Of a code that is still good.
    static let countTry = """
        UPDATE otp_tokens SET tries = tries + 1
        WHERE phone_number = ? AND is_used = 0 AND tries < ? AND expires_at > ?
        """
    static let delete = "DELETE FROM otp_tokens WHERE phone_number = ?"
    static let deleteExpired = "DELETE FROM otp_tokens WHERE expires_at <= ?"
}

enum AttemptSQL {
    static let insert = "INSERT INTO account_attempts (kind, phone_number, peer, at) VALUES (?, ?, ?, ?)"
    static let ofPhone = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts
        WHERE kind = ? AND phone_number = ? AND at > ?
        """
    static let ofPeer = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts WHERE kind = ? AND peer = ? AND at > ?
        """
    static let all = """
        SELECT count(*) AS count, min(at) AS first FROM account_attempts WHERE kind = ? AND at > ?
        """
    static let deleteBefore = "DELETE FROM account_attempts WHERE kind = ? AND at < ?"
    static let deleteOfPhoneBefore = """
        DELETE FROM account_attempts WHERE kind = ? AND phone_number = ? AND at < ?
        """
    static let withoutPhone =
        "UPDATE account_attempts SET phone_number = '' WHERE kind = ? AND phone_number = ?"
    static let deleteAfter = "DELETE FROM account_attempts WHERE kind = ? AND at > ?"
}
