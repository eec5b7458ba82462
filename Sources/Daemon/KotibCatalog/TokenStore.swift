import FoundationEssentials
import GRDB
import KotibModel

/// Sessions, by the ids of their tokens.
public struct TokenStore: CatalogStore {
    let database: CatalogDatabase

    /// Sessions of one user, the latest ones.
    static let maxTokens = 100

    /// The user of a token in the present state. Nil if the token was revoked or has expired, or the user is
    /// deactivated. It expires by either clock; if only by the wall clock, its row is kept, since that clock
    /// may be wrong.
    public func holder(ofToken token: String, at reading: ClockReading) async throws(CatalogError) -> User? {
        try await read("holder") { database in
            let time = try database.monotonicTime(reading)
            return try database.row(
                TokenSQL.holder, ["token": token, "now": Timestamp.text(reading.wall), "time": time]
            ).map(User.init)
        }
    }

    public func revoke(token: String) async throws(CatalogError) {
        try await write("revoke") { try $0.run(TokenSQL.delete, [token]) }
    }

    public func revokeAll(of user: UserID) async throws(CatalogError) {
        try await write("revokeTokens") { try $0.run(TokenSQL.deleteOfUser, [user.rawValue]) }
    }
}

enum TokenSQL {
    static let insert = """
        INSERT INTO access_tokens (jti, user_id, created_at, expires_at, ends_at)
        VALUES (:token, :user, :now, :expires, :ends)
        """
    static let holder = """
        SELECT \(UserSQL.columns) FROM access_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.jti = :token AND t.expires_at > :now AND t.ends_at > :time AND u.is_active = 1
        """
    static let delete = "DELETE FROM access_tokens WHERE jti = ?"
    static let deleteOfUser = "DELETE FROM access_tokens WHERE user_id = ?"
    static let deleteEnded = "DELETE FROM access_tokens WHERE ends_at <= ?"
    static let deleteSurplus = """
        DELETE FROM access_tokens WHERE user_id = :user AND jti NOT IN
            (SELECT jti FROM access_tokens WHERE user_id = :user ORDER BY ends_at DESC LIMIT :most)
        """
}
