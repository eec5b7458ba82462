import FoundationEssentials
import GRDB
import KotibModel

extension Catalog {
    /// Whose token this is, as the user is now; nil where it was revoked, has ended, or its user is deactivated.
    public func holder(ofToken token: String, now: Date) async throws(CatalogError) -> User? {
        try await read("holder") { try $0.row(TokenSQL.holder, [token, Timestamp.text(now)]).map(User.init) }
    }

    public func revoke(token: String) async throws(CatalogError) {
        try await write("revoke") { try $0.run(TokenSQL.delete, [token]) }
    }

    public func revokeTokens(of user: UserID) async throws(CatalogError) {
        try await write("revokeTokens") { try $0.run(TokenSQL.deleteOfUser, [user.rawValue]) }
    }
}

enum TokenSQL {
    static let insert = "INSERT INTO access_tokens (jti, user_id, created_at, expires_at) VALUES (?, ?, ?, ?)"
    static let holder = """
        SELECT \(UserSQL.columns) FROM access_tokens t JOIN users u ON u.id = t.user_id
        WHERE t.jti = ? AND t.expires_at > ? AND u.is_active = 1
        """
    static let delete = "DELETE FROM access_tokens WHERE jti = ?"
    static let deleteOfUser = "DELETE FROM access_tokens WHERE user_id = ?"
    static let deleteExpired = "DELETE FROM access_tokens WHERE expires_at <= ?"
}
