// KotibAccounts: one-time codes, the messages that carry them, tokens, roles and limits.

import FoundationEssentials
import KotibCatalog
import KotibModel
import Logging

/// Who has proved to be whom.
public struct Session: Hashable, Sendable {
    public var user: User
    /// The token's `jti`.
    public var token: String

    /// Whose recordings this caller may see.
    public var scope: AccessScope { user.role == .admin ? .everyone : .only(user.id) }
}

/// What a login gives.
public struct Login: Hashable, Sendable {
    /// A JWT (RFC 7519), for the header `Authorization: Bearer`.
    public var token: String
    public var session: Session
}

/// Why a request about an account is refused.
public enum AccountError: Error, Hashable, Sendable {
    /// Not a number as ITU-T E.164 has them, `+` and digits.
    case invalidPhone
    /// Too many codes for this number, this peer, or in all.
    case tooManyCodes(retryAfter: Duration)
    /// Wrong, used or too old, or tried too often. Nothing tells which.
    case wrongCode
    /// No token, a forged, ended or revoked one, or its user is deactivated.
    case unauthorized
    case noSuchUser
    /// Another user has this phone number or folder.
    case taken
    case invalidName
    case catalog(CatalogError)
}

/// Everything about people: login by a code sent to their phone, tokens, roles.
public final class AccountService: Sendable {
    /// Makes a code and hands it to the sender in the background: the answer is the same, and takes as long,
    /// whoever the number belongs to.
    /// - Parameter peer: what limits count by beside the number: a user id of the machine, or a proxied address.
    public func sendCode(to phone: String, peer: String) async throws(AccountError) {
        fatalError("helper A")
    }

    /// Trades a code for a token; the first time the number gets a user and a folder named by its digits.
    public func verify(phone: String, code: String, peer: String) async throws(AccountError) -> Login {
        fatalError("helper A")
    }

    /// Who holds `token`, as of now: a revoked one fails at once.
    public func authenticate(_ token: String) async throws(AccountError) -> Session {
        fatalError("helper A")
    }

    /// Ends this session, or every one of its user.
    public func logout(_ session: Session, everywhere: Bool) async throws(AccountError) {
        fatalError("helper A")
    }

    // MARK: For admins and the local operator; who may call is the caller's to check.

    public func users(
        named name: String?, skip: Int, limit: Int
    ) async throws(AccountError) -> (users: [User], total: Int) {
        fatalError("helper A")
    }

    public func user(_ id: UserID) async throws(AccountError) -> User? {
        fatalError("helper A")
    }

    /// Adds a user with a folder of that name, in the catalog and the inbox.
    public func add(name: String, phone: String?, role: Role) async throws(AccountError) -> User {
        fatalError("helper A")
    }

    /// What is nil stays. Deactivating ends every session.
    public func change(_ id: UserID, _ change: UserChange) async throws(AccountError) -> User {
        fatalError("helper A")
    }
}

/// What is to be changed of a user; nil stays.
public struct UserChange: Hashable, Sendable {
    /// Empty: none any more.
    public var phone: String?
    public var role: Role?
    public var isActive: Bool?
    public var sidecars: [TranscriptFormat]?
    /// ISO 639-1; empty: the daemon's setting.
    public var language: String?

    public init(
        phone: String? = nil, role: Role? = nil, isActive: Bool? = nil, sidecars: [TranscriptFormat]? = nil,
        language: String? = nil
    ) {
        self.phone = phone
        self.role = role
        self.isActive = isActive
        self.sidecars = sidecars
        self.language = language
    }
}
