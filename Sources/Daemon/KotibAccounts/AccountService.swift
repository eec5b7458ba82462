// KotibAccounts: one-time codes, the messages that carry them, tokens, roles and limits.

import FoundationEssentials
import KotibCatalog
import KotibModel
import KotibPOSIX
import Logging
import Synchronization

/// An authenticated caller.
public struct Session: Hashable, Sendable {
    public var user: User
    /// The token's `jti`.
    public var token: String

    /// The recordings that this caller may see.
    public var scope: AccessScope { user.role == .admin ? .everyone : .only(user.id) }
}

/// The result of a login.
public struct Login: Hashable, Sendable {
    /// A JWT (RFC 7519), for the header `Authorization: Bearer`.
    public var token: String
    public var session: Session
    /// The first of its number.
    public var isNew: Bool
}

/// The reason why a request about an account is refused.
public enum AccountError: Error, Hashable, Sendable {
    /// Not a number in the form of ITU-T E.164: `+` and digits.
    case invalidPhone
    /// Too many codes or guesses for this number, this peer, or in all.
    case tooManyLoginAttempts(retryAfter: Duration)
    /// A wrong, used or expired code, or too many tries; the caller does not learn which.
    case wrongCode
    /// No token, or a forged, expired or revoked one, or its user is deactivated.
    case unauthorized
    case noSuchUser
    /// The requested engine is none of these.
    case engineNotOffered([EngineName])
    /// Another user has this phone number or folder.
    case taken
    case invalidName
    /// No code can be sent now: too many messages are queued, or the day's limit is reached.
    case notSent
    /// The user was created, but the folder could not be.
    case folder(FileError)
    case catalog(CatalogError)
}

/// Accounts: login by a code sent to a phone, tokens, roles.
public final class AccountService: Sendable {
    let settings: AccountSettings
    let catalog: Catalog
    let logger: Logger
    let inbox: UserFolderMaker
    private let dispatcher: SMSDispatcher
    private let codes: OneTimeCodes
    private let tokens: AccessTokens
    private let clock: @Sendable () -> ClockReading
    /// The uptime at which the time was last saved.
    private let lastTimeSaved = Mutex(-TimeInterval.infinity)
    private let random: @Sendable () -> any RandomNumberGenerator & Sendable

    /// Gives the configured admins their role, and records the owners of the users' folders.
    /// - Parameters:
    ///   - clock: reads the machine's clocks.
    ///   - random: for codes and tokens: must be unpredictable.
    public init(
        _ settings: AccountSettings, secret: SigningSecret, catalog: Catalog, inbox: UserFolderMaker,
        dispatcher: SMSDispatcher, logger: Logger,
        clock: @escaping @Sendable () -> ClockReading = ClockReading.now,
        random: @escaping @Sendable () -> any RandomNumberGenerator & Sendable = {
            SystemRandomNumberGenerator()
        }
    ) async throws(CatalogError) {
        self.settings = settings
        self.catalog = catalog
        self.inbox = inbox
        self.dispatcher = dispatcher
        self.logger = logger
        self.clock = clock
        self.random = random
        codes = OneTimeCodes(key: secret.key("codes"))
        tokens = AccessTokens(key: secret.key("tokens"))
        try await catalog.users.promote(phones: settings.admins.map(\.text))
        try await catalog.clock.saveTime(clock())
        try await noteFolderOwners()
    }

    /// Creates a code and hands it to the sender in the background. The response and its timing are the same
    /// whoever the number belongs to.
    /// - Parameters:
    ///   - peer: counted by the limits beside the number: a user id of the machine, or a proxied address.
    ///   - device: the user of the device's token (``device(_:)``).
    public func sendCode(
        to phone: String, peer: String, device: UserID? = nil
    ) async throws(AccountError) {
        guard let phone = PhoneNumber(phone) else { throw .invalidPhone }
        // Asked before it matters whose number it is, so that everybody gets the same answer.
        if dispatcher.isFull {
            logger.error("code not created: too many messages queued", metadata: ["phone": "\(phone)"])
            throw .notSent
        }
        let time = clock()
        var random: any RandomNumberGenerator = random()
        let code = OneTimeCodes.next(using: &random)
        let request = CodeRequest(
            phone: phone.text, peer: peer, hash: codes.hash(code, of: phone),
            expires: time.wall + settings.codeLife / .seconds(1),
            isAllowed: phone.isWithin(settings.countries), device: device)
        let outcome = try await mappingCatalogErrors { () async throws(CatalogError) in
            try await catalog.codes.keep(request, limits: settings.limits, at: time)
        }
        switch outcome {
        case .limited(let seconds): throw .tooManyLoginAttempts(retryAfter: .seconds(seconds))
        case .budgetSpent:
            logger.error("code not sent: daily message limit reached", metadata: ["phone": "\(phone)"])
            throw .notSent
        case .kept(send: false):
            logger.info(
                "code not sent: number not allowed", metadata: ["phone": "\(phone)", "peer": "\(peer)"])
        case .kept(send: true):
            let message = SMSDispatcher.Message(
                phone: phone, text: settings.text.filled(with: code), expires: request.expires)
            // Full only since the look above. Not told to the caller: others, to whom nothing is sent, would
            // get another answer.
            if !dispatcher.enqueue(message) {
                logger.error("code not sent: too many messages queued", metadata: ["phone": "\(phone)"])
            }
        }
    }

    /// Exchanges a code for a token. The first time, the number gets a user and a folder named by its digits,
    /// or another folder if somebody else has made that one.
    /// - Parameter device: the user of the device's token (``device(_:)``).
    public func verify(
        phone: String, code: String, peer: String, device: UserID? = nil
    ) async throws(AccountError) -> Login {
        guard let phone = PhoneNumber(phone) else { throw .wrongCode }
        let time = clock()
        var random: any RandomNumberGenerator = random()
        let trial = CodeAttempt(
            phone: phone.text, peer: peer, hash: codes.hash(code, of: phone),
            token: AccessTokens.newID(using: &random),
            tokenExpires: time.wall + settings.tokenLife / .seconds(1),
            isAdmin: settings.admins.contains(phone), device: device,
            // Looked for at every trial: none takes longer than another.
            folders: await offers(for: phone, UInt32(truncatingIfNeeded: random.next())))
        let outcome = try await mappingCatalogErrors { () async throws(CatalogError) in
            try await catalog.codes.redeem(trial, limits: settings.limits, at: time)
        }
        switch outcome {
        case .limited(let seconds):
            logger.notice(
                "login refused: too many wrong codes",
                metadata: ["phone": "\(phone)", "peer": "\(peer)", "seconds": "\(Int(seconds))"])
            throw .tooManyLoginAttempts(retryAfter: .seconds(seconds))
        case .wrong:
            logger.info("wrong code", metadata: ["phone": "\(phone)", "peer": "\(peer)"])
            throw .wrongCode
        case .right(let user, let isNew):
            if isNew, user.folder != UserFolder(phone.digits) {
                logger.warning(
                    "new user given another folder: the number's folder belongs to somebody else",
                    metadata: ["user": "\(user.id)", "folder": "\(user.folder)"])
            }
            return try await login(user, isNew: isNew, trial, issued: time.wall)
        }
    }

    private func login(
        _ user: User, isNew: Bool, _ trial: CodeAttempt, issued: Date
    ) async throws(AccountError) -> Login {
        // An upload or the next login makes it again; a full disk is no reason to keep somebody out.
        do throws(FileError) {
            let owner = try await inbox.make(user.folder)
            let isAccepted = owner == .stranger ? await isAccepted(user) : false
            if !isAccepted { tell(owner, user) }
        } catch {
            logger.error("cannot create folder", metadata: ["user": "\(user.id)", "cause": "\(error)"])
        }
        guard
            let token = try? tokens.sign(
                trial.token, of: user.id, issued: issued, expires: trial.tokenExpires)
        else { throw .unauthorized }
        logger.info("logged in", metadata: ["user": "\(user.id)", "peer": "\(trial.peer)"])
        return Login(token: token, session: Session(user: user, token: trial.token), isNew: isNew)
    }

    /// The current user of `token`. A revoked token fails at once.
    public func authenticate(_ token: String) async throws(AccountError) -> Session {
        let time = clock()
        try await mappingCatalogErrors { () async throws(CatalogError) in try await saveTime(time) }
        guard let claims = tokens.check(token, now: time.wall) else { throw .unauthorized }
        let user = try await mappingCatalogErrors { () async throws(CatalogError) in
            try await catalog.tokens.holder(ofToken: claims.id, at: time)
        }
        guard let user, user.id == claims.user else { throw .unauthorized }
        return Session(user: user, token: claims.id)
    }

    /// The session's user in the present state; nil if the session has ended.
    public func holder(of session: Session) async throws(CatalogError) -> User? {
        try await catalog.tokens.holder(ofToken: session.token, at: clock())
    }

    /// The user who has logged in on the device that sends `token`, which may have expired or been revoked.
    /// Nil if this daemon did not issue the token.
    public func device(_ token: String) async -> UserID? {
        tokens.formerUser(token)
    }

    /// Once in an hour is enough for the next boot.
    private func saveTime(_ time: ClockReading) async throws(CatalogError) {
        let isDue = lastTimeSaved.withLock { kept in
            guard time.uptime >= kept + 3600 else { return false }
            kept = time.uptime
            return true
        }
        if isDue { try await catalog.clock.saveTime(time) }
    }

    /// Ends this session, or every one of its user.
    public func logout(_ session: Session, everywhere: Bool) async throws(AccountError) {
        try await mappingCatalogErrors { () async throws(CatalogError) in
            if everywhere {
                try await catalog.tokens.revokeAll(of: session.user.id)
            } else {
                try await catalog.tokens.revoke(token: session.token)
            }
        }
        logger.info("logged out", metadata: ["user": "\(session.user.id)", "everywhere": "\(everywhere)"])
    }
}

extension AccountService {
    // MARK: For admins and the local operator; who may call is the caller's to check.

    /// - Parameter name: only the user whose folder has exactly this name.
    public func users(
        named name: String?, skip: Int, limit: Int
    ) async throws(AccountError) -> (users: [User], total: Int) {
        let folder = name.flatMap { UserFolder($0) }
        // Users' folders never have such a name.
        if name != nil, folder == nil { return ([], 0) }
        return try await mappingCatalogErrors { () async throws(CatalogError) in
            try await catalog.users.page(folder: folder, skip: skip, limit: limit)
        }
    }

    public func user(_ id: UserID) async throws(AccountError) -> User? {
        try await mappingCatalogErrors { () async throws(CatalogError) in try await catalog.users.find(id) }
    }

    /// Adds a user with a folder of that name, in the catalog and the inbox.
    public func add(name: String, phone: String?, role: Role) async throws(AccountError) -> User {
        guard let folder = UserFolderMaker.folder(name) else { throw .invalidName }
        let number = try phone.map(number)
        let time = clock().wall
        let user = try await mappingCatalogErrors { () async throws(CatalogError) in
            try await catalog.users.add(folder: folder, phone: number, role: role, now: time)
        }
        do throws(FileError) {
            let owner = try await inbox.make(user.folder)
            if owner != .stranger { tell(owner, user) }
            await acceptFolder(of: user)
        } catch {
            logger.error("cannot create folder", metadata: ["user": "\(user.id)", "cause": "\(error)"])
            throw .folder(error)
        }
        logger.info("user added", metadata: ["user": "\(user.id)", "role": "\(role)"])
        return user
    }

    /// The reason why no codes are sent, for an administrator; nil if they are.
    public var messageProblem: String? { dispatcher.problem }

    /// Nil fields are unchanged. Deactivation and a new number end every session. Setting a number or
    /// activating, even without a change, clears the number's failed tries.
    public func change(_ id: UserID, _ change: UserChange) async throws(AccountError) -> User {
        if case .own(let engine) = change.engine, !settings.engines.contains(engine) {
            throw .engineNotOffered(settings.engines)
        }
        let number = try change.phone.flatMap { $0.isEmpty ? nil : $0 }.map(number)
        let user = try await mappingCatalogErrors { () async throws(CatalogError) in
            try await catalog.users.change(
                id, forgetsAttempts: change.phone != nil || change.isActive == true
            ) { user in
                if change.phone != nil { user.phone = number }
                user.role = change.role ?? user.role
                user.isActive = change.isActive ?? user.isActive
                user.settings.sidecars = change.sidecars ?? user.settings.sidecars
                if let language = change.language {
                    user.settings.language = language.isEmpty ? nil : language
                }
                if let engine = change.engine { user.settings.engine = engine.name }
                change.quota.apply(to: &user.quota)
            }
        }
        guard let user else { throw .noSuchUser }
        if change.phone != nil || change.isActive == true { await acceptFolder(of: user) }
        logger.info("user changed", metadata: ["user": "\(id)"])
        return user
    }

    private func number(_ written: String) throws(AccountError) -> String {
        guard let number = PhoneNumber(written) else { throw .invalidPhone }
        return number.text
    }

    private func mappingCatalogErrors<Value>(
        _ body: () async throws(CatalogError) -> Value
    ) async throws(AccountError) -> Value {
        do throws(CatalogError) {
            return try await body()
        } catch {
            throw error.code == .constraint ? .taken : .catalog(error)
        }
    }
}

/// Changes of a user. Nil fields are unchanged.
public struct UserChange: Hashable, Sendable {
    /// Empty: none any more.
    public var phone: String?
    public var role: Role?
    public var isActive: Bool?
    public var sidecars: [TranscriptFormat]?
    /// ISO 639-1; empty: the daemon's setting.
    public var language: String?
    public var engine: Engine?
    public var quota = Quota()

    /// Which engine a user is to have.
    public enum Engine: Hashable, Sendable {
        case own(EngineName)
        /// The daemon's setting.
        case daemons

        var name: EngineName? {
            if case .own(let name) = self { name } else { nil }
        }
    }

    public init(
        phone: String? = nil, role: Role? = nil, isActive: Bool? = nil, sidecars: [TranscriptFormat]? = nil,
        language: String? = nil, engine: Engine? = nil
    ) {
        self.phone = phone
        self.role = role
        self.isActive = isActive
        self.sidecars = sidecars
        self.language = language
        self.engine = engine
    }
}
