import FoundationEssentials
import GRDB
import KotibModel

/// How many codes and guesses there may be. Counted in the catalog, so that a restart forgets none, and by a
/// time that no setting of a clock moves (``SteadyClock/saveTime(_:)``).
///
/// Strangers have what strangers have: who is known (``TrustLevel``) has tries and codes apart from theirs,
/// so that no stranger uses up an owner's. Of guesses all of them together have 30 a day and 100 in 30 days
/// at one number, a chance of 3×10^-5 and 10^-4.
public struct CodeLimits: Hashable, Sendable {
    /// Codes a day for one number, for strangers and for each kind of known applicants.
    public var codesPerPhone = 10
    /// Seconds between two codes for one number.
    public var pause: TimeInterval = 30
    /// Codes that one peer asks for in an hour; does not bound who is known to the number's user, whose peer
    /// may be shared with strangers.
    public var codesPerPeer = 20
    /// Codes a minute in all; the last fifth is for known applicants.
    public var codesPerMinute = 60
    /// Messages a day in all; the last fifth is for known applicants.
    public var messagesPerDay = 500
    /// Wrong tries of one code.
    public var tries = 3
    /// Of all strangers together.
    public var guessesByStrangers = Allowance(perDay: 20, perMonth: 60)
    /// Of one unknown peer at one number: the tries of two codes in a day, so that one peer does not use up
    /// everybody's.
    public var guessesByStranger = Allowance(perDay: 6, perMonth: 12)
    /// Of all peers that have logged in before.
    public var guessesByPeers = Allowance(perDay: 5, perMonth: 20)
    /// Of all devices that have a token of the number's user, expired ones too.
    public var guessesByDevices = Allowance(perDay: 5, perMonth: 20)
    /// Wrong tries of one peer in an hour, at all numbers; does not bound who is known, either.
    public var guessesPerPeer = 60

    public init() {}

    /// Wrong tries for one number.
    public struct Allowance: Hashable, Sendable {
        public var perDay: Int
        /// In 30 days.
        public var perMonth: Int

        public init(perDay: Int, perMonth: Int) {
            self.perDay = perDay
            self.perMonth = perMonth
        }
    }

    func guesses(_ trustLevel: TrustLevel) -> Allowance {
        switch trustLevel {
        case .device: guessesByDevices
        case .peer: guessesByPeers
        case .stranger: guessesByStrangers
        }
    }

    /// Of the codes for one number, those that one strange peer may ask for.
    var codesPerStranger: Int { (codesPerPhone + 1) / 2 }

    /// The share of all limits that unknown applicants together may use.
    static func share(_ most: Int, _ trustLevel: TrustLevel) -> Int {
        trustLevel == .stranger && most >= 5 ? most - most / 5 : most
    }
}

/// How far an applicant is known to the number's user.
enum TrustLevel: String, CaseIterable {
    /// Has a token of the user, perhaps an expired one.
    case device
    /// The user has logged in from there.
    case peer
    case stranger
}

extension CodeLimits {
    /// Seconds for which a peer is known after a login: three times the default life of a token.
    static let knownFor: TimeInterval = 90 * CodeStore.day
    /// The number of peers that are kept for a user: the latest ones.
    static let maxKnownPeers = 16
}

/// A person who asks for a code or enters one.
struct Applicant {
    var phone: String
    var peer: String
    /// The user of the token that the device sent.
    var device: UserID?
    var time: TimeInterval
}

extension Database {
    /// The trust levels that the applicant may be counted under, best first; the last is that of a stranger.
    func trustLevels(_ applicant: Applicant) throws -> [TrustLevel] {
        let user = try row(UserSQL.byPhone, [applicant.phone]).map { UserID(rawValue: $0["id"]) }
        // Looked up whether there is such a user or not: both take as long.
        let isKnown =
            try row(
                KnownPeerSQL.one,
                [
                    "user": user?.rawValue, "peer": applicant.peer,
                    "after": applicant.time - CodeLimits.knownFor,
                ]) != nil
        var trustLevels: [TrustLevel] = []
        if let user, applicant.device == user { trustLevels.append(.device) }
        if isKnown { trustLevels.append(.peer) }
        return trustLevels + [.stranger]
    }

    func remember(_ peer: String, of user: UserID, _ time: TimeInterval) throws {
        try run(KnownPeerSQL.remember, ["user": user.rawValue, "peer": peer, "time": time])
        try run(
            KnownPeerSQL.forgetOld,
            ["user": user.rawValue, "before": time - CodeLimits.knownFor, "most": CodeLimits.maxKnownPeers])
    }

    /// Seconds until there may be another code; nil where there may be now.
    func wait(forCodeTo applicant: Applicant, as trustLevel: TrustLevel, _ limits: CodeLimits) throws
        -> TimeInterval?
    {
        let time = applicant.time
        let phone: StatementArguments = [
            "kind": "code", "phone": applicant.phone, "standing": trustLevel.rawValue,
        ]
        if let wait = try wait(AttemptSQL.ofPhone, phone, most: 1, within: limits.pause, time)
            ?? wait(AttemptSQL.ofPhone, phone, most: limits.codesPerPhone, within: CodeStore.day, time)
        {
            return wait
        }
        if trustLevel == .stranger,
            let wait = try wait(
                AttemptSQL.ofPeerAtPhone, phone + ["peer": applicant.peer],
                most: limits.codesPerStranger, within: CodeStore.day, time)
                ?? wait(
                    AttemptSQL.ofPeer, ["kind": "code", "peer": applicant.peer], most: limits.codesPerPeer,
                    within: CodeStore.hour, time)
        {
            return wait
        }
        return try wait(
            AttemptSQL.all, ["kind": "code"], most: CodeLimits.share(limits.codesPerMinute, trustLevel),
            within: 60, time)
    }

    /// Seconds until there may be another wrong try; nil where there may be now.
    func wait(forGuessOf applicant: Applicant, as trustLevel: TrustLevel, _ limits: CodeLimits) throws
        -> TimeInterval?
    {
        let whose: StatementArguments = [
            "kind": "guess", "phone": applicant.phone, "standing": trustLevel.rawValue,
        ]
        if let wait = try wait(AttemptSQL.ofPhone, whose, limits.guesses(trustLevel), applicant.time) {
            return wait
        }
        guard trustLevel == .stranger else { return nil }
        return try wait(
            AttemptSQL.ofPeerAtPhone, whose + ["peer": applicant.peer], limits.guessesByStranger,
            applicant.time)
            ?? wait(
                AttemptSQL.ofPeer, ["kind": "guess", "peer": applicant.peer], most: limits.guessesPerPeer,
                within: CodeStore.hour, applicant.time)
    }

    private func wait(
        _ sql: String, _ whose: StatementArguments, _ allowance: CodeLimits.Allowance, _ time: TimeInterval
    ) throws -> TimeInterval? {
        try wait(sql, whose, most: allowance.perMonth, within: CodeStore.month, time)
            ?? wait(sql, whose, most: allowance.perDay, within: CodeStore.day, time)
    }

    /// Seconds until one more fits; nil where it fits now.
    func wait(
        _ sql: String, _ whose: StatementArguments, most: Int, within window: TimeInterval,
        _ time: TimeInterval
    ) throws -> TimeInterval? {
        guard let row = try row(sql, whose + ["after": time - window]), row["count"] as Int >= most else {
            return nil
        }
        return max(1, (row["first"] as Double? ?? time) + window - time)
    }
}

enum KnownPeerSQL {
    static let one = "SELECT 1 FROM known_peers WHERE user_id = :user AND peer = :peer AND seen_at > :after"
    static let remember = """
        INSERT INTO known_peers (user_id, peer, seen_at) VALUES (:user, :peer, :time)
        ON CONFLICT (user_id, peer) DO UPDATE SET seen_at = excluded.seen_at
        """
    static let forgetOld = """
        DELETE FROM known_peers WHERE user_id = :user AND (seen_at <= :before OR peer NOT IN
            (SELECT peer FROM known_peers WHERE user_id = :user ORDER BY seen_at DESC LIMIT :most))
        """
    static let deleteOfUser = "DELETE FROM known_peers WHERE user_id = ?"
}
