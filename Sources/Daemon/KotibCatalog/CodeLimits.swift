import FoundationEssentials
import GRDB
import KotibModel

/// How many codes and guesses there may be. Counted in the catalog, so that a restart forgets none, and by a
/// time that no setting of a clock moves (``SteadyClock/keepTime(_:)``).
///
/// Strangers have what strangers have: who is known (``Standing``) has tries and codes apart from theirs, so
/// that no stranger uses up an owner's. Of guesses all of them together have 30 a day and 100 in 30 days at
/// one number, a chance of 3×10^-5 and 10^-4.
public struct CodeLimits: Hashable, Sendable {
    /// Codes for one number in a day, for strangers and for each kind of who is known.
    public var codesPerPhone = 10
    /// Seconds between two codes for one number.
    public var pause: TimeInterval = 30
    /// Codes that one peer asks for in an hour.
    public var codesPerPeer = 20
    /// Codes in all in a minute; the last fifth for who is known.
    public var codesPerMinute = 60
    /// Messages in all in a day; the last fifth for who is known.
    public var messagesPerDay = 500
    /// Wrong tries of one code.
    public var tries = 3
    /// Of all strangers together.
    public var guessesByStrangers = Allowance(perDay: 20, perMonth: 60)
    /// Of one strange peer at one number: two codes' tries in a day, so that one alone does not use up
    /// everybody's.
    public var guessesByStranger = Allowance(perDay: 6, perMonth: 12)
    /// Of the peers that have logged in before, together.
    public var guessesByPeers = Allowance(perDay: 5, perMonth: 20)
    /// Of the devices that have a token of the number's user, however old, together.
    public var guessesByDevices = Allowance(perDay: 5, perMonth: 20)
    /// Wrong tries of one peer in an hour, at all numbers.
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

    func guesses(_ standing: Standing) -> Allowance {
        switch standing {
        case .device: guessesByDevices
        case .peer: guessesByPeers
        case .stranger: guessesByStrangers
        }
    }

    /// Of the codes for one number, those that one strange peer may ask for.
    var codesPerStranger: Int { (codesPerPhone + 1) / 2 }

    /// The share of all limits that unknown applicants together may use.
    static func share(_ most: Int, _ standing: Standing) -> Int {
        standing == .stranger && most >= 5 ? most - most / 5 : most
    }
}

/// How well somebody who wants to log in is known to the number's user.
enum Standing: String, CaseIterable {
    /// Has a token of the user, however old.
    case device
    /// The user has logged in from there.
    case peer
    case stranger
}

extension CodeLimits {
    /// Seconds for which a peer is known after a login: three times the life of a token as it is unless set.
    static let knownFor: TimeInterval = 90 * CodeStore.day
    /// Peers that a user is known by, at most: the latest.
    static let mostKnownPeers = 16
}

/// One who wants a code or has one.
struct Applicant {
    var phone: String
    var peer: String
    /// The user of the token that the device sent.
    var device: UserID?
    var time: TimeInterval
}

extension Database {
    /// The standings that the applicant may be counted under, best first; the last is that of a stranger.
    func standings(_ applicant: Applicant) throws -> [Standing] {
        let user = try row(UserSQL.byPhone, [applicant.phone]).map { UserID(rawValue: $0["id"]) }
        // Looked up whether there is such a user or not: both take as long.
        let isKnown =
            try row(
                KnownPeerSQL.one,
                [
                    "user": user?.rawValue, "peer": applicant.peer,
                    "after": applicant.time - CodeLimits.knownFor,
                ]) != nil
        var standings: [Standing] = []
        if let user, applicant.device == user { standings.append(.device) }
        if isKnown { standings.append(.peer) }
        return standings + [.stranger]
    }

    func remember(_ peer: String, of user: UserID, _ time: TimeInterval) throws {
        try run(KnownPeerSQL.remember, ["user": user.rawValue, "peer": peer, "time": time])
        try run(
            KnownPeerSQL.forgetOld,
            ["user": user.rawValue, "before": time - CodeLimits.knownFor, "most": CodeLimits.mostKnownPeers])
    }

    /// Seconds until there may be another code; nil where there may be now.
    func wait(forCodeTo applicant: Applicant, as standing: Standing, _ limits: CodeLimits) throws
        -> TimeInterval?
    {
        let time = applicant.time
        let phone: StatementArguments = [
            "kind": "code", "phone": applicant.phone, "standing": standing.rawValue,
        ]
        if let wait = try wait(AttemptSQL.ofPhone, phone, most: 1, within: limits.pause, time)
            ?? wait(AttemptSQL.ofPhone, phone, most: limits.codesPerPhone, within: CodeStore.day, time)
        {
            return wait
        }
        if standing == .stranger,
            let wait = try wait(
                AttemptSQL.ofPeerAtPhone, phone + ["peer": applicant.peer],
                most: limits.codesPerStranger, within: CodeStore.day, time)
        {
            return wait
        }
        return try wait(
            AttemptSQL.ofPeer, ["kind": "code", "peer": applicant.peer], most: limits.codesPerPeer,
            within: CodeStore.hour, time)
            ?? wait(
                AttemptSQL.all, ["kind": "code"], most: CodeLimits.share(limits.codesPerMinute, standing),
                within: 60, time)
    }

    /// Seconds until there may be another wrong try; nil where there may be now.
    func wait(forGuessOf applicant: Applicant, as standing: Standing, _ limits: CodeLimits) throws
        -> TimeInterval?
    {
        let whose: StatementArguments = [
            "kind": "guess", "phone": applicant.phone, "standing": standing.rawValue,
        ]
        if let wait = try wait(AttemptSQL.ofPhone, whose, limits.guesses(standing), applicant.time) {
            return wait
        }
        guard standing == .stranger else { return nil }
        return try wait(
            AttemptSQL.ofPeerAtPhone, whose + ["peer": applicant.peer], limits.guessesByStranger,
            applicant.time)
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
