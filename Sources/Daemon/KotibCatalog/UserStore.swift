import FoundationEssentials
import GRDB
import KotibModel

/// A row of `users`.
public struct User: Hashable, Sendable, Identifiable {
    public var id: UserID
    /// E.164: `+998901234567`. Nil until linked.
    public var phone: String?
    /// The first-level folder that is this user's inbox.
    public var folder: UserFolder
    public var role: Role
    public var isActive: Bool
    public var created: Date
    public var settings: UserSettings
    public var quota: QuotaOverrides
    /// As of the last day on which something was taken in (``QuotaUsage/on(_:)``).
    public var use: QuotaUsage
}

/// Users and their folders.
public struct UserStore: CatalogStore {
    let database: CatalogDatabase

    /// The user whose inbox is the first-level folder of that name, enrolled when new.
    public func enroll(_ folder: UserFolder, now: Date = Date()) async throws(CatalogError) -> UserID {
        try await write("user") { try $0.user(inFolder: folder, now: now) }
    }

    /// Whether a first-level folder of that name is a user's inbox.
    public func isEnrolled(_ folder: UserFolder) async throws(CatalogError) -> Bool {
        try await read("isEnrolled") { try $0.userIfKnown(folder) != nil }
    }

    public func find(_ id: UserID) async throws(CatalogError) -> User? {
        try await read("user") { try $0.user(id) }
    }

    /// The user's settings. The defaults for an unknown user.
    public func settings(of id: UserID) async throws(CatalogError) -> UserSettings {
        try await find(id)?.settings ?? UserSettings()
    }

    /// In the order of their folders' names.
    /// - Parameter folder: only the one with this folder.
    public func page(
        folder: UserFolder?, skip: Int, limit: Int
    ) async throws(CatalogError) -> (users: [User], total: Int) {
        try await read("users") { database in
            if let folder {
                let found = try database.row(UserSQL.byFolder, [folder.blob]).map(User.init)
                let page = skip == 0 && limit > 0 ? found.map { [$0] } ?? [] : []
                return (page, found == nil ? 0 : 1)
            }
            let users = try database.rows(UserSQL.page, ["limit": limit, "skip": skip]).map(User.init)
            return (users, try database.row(UserSQL.count, [])?["count"] ?? 0)
        }
    }

    /// - Throws: ``CatalogError/Code/constraint`` where the folder or the number is another's.
    public func add(
        folder: UserFolder, phone: String?, role: Role, now: Date
    ) async throws(CatalogError) -> User {
        try await write("addUser") { database in
            try database.run(
                UserSQL.insert,
                [
                    "folder": folder.blob, "phone": phone, "role": role.rawValue,
                    "now": Timestamp.text(now),
                ])
            if let phone { try database.forgetAttempts(at: phone) }
            return try database.knownUser(UserID(rawValue: database.lastInsertedRowID))
        }
    }

    /// Replaces the changeable fields of `id` by the result of `change`. Deactivation and a new number end
    /// all sessions: the old number may belong to somebody else by now.
    /// - Parameter forgetsAttempts: whether the number's codes and failed tries are cleared.
    /// - Returns: nil if there is no such user.
    /// - Throws: ``CatalogError/Code/constraint`` if the number is another user's.
    public func change(
        _ id: UserID, forgetsAttempts: Bool = false, _ change: @escaping @Sendable (inout User) -> Void
    ) async throws(CatalogError) -> User? {
        try await write("changeUser") { database in
            guard var user = try database.user(id) else { return nil }
            let before = user.phone
            change(&user)
            try database.run(
                UserSQL.update,
                [
                    "user": id.rawValue, "phone": user.phone, "role": user.role.rawValue,
                    "is_active": user.isActive,
                    "sidecars": user.settings.sidecars.map(\.rawValue).joined(separator: ","),
                    "language": user.settings.language, "engine": user.settings.engine?.rawValue,
                    "quota_bytes": user.quota.bytes, "quota_files": user.quota.files,
                    "quota_minutes": user.quota.minutesPerDay,
                ])
            if !user.isActive || user.phone != before {
                try database.run(TokenSQL.deleteOfUser, [id.rawValue])
            }
            if user.phone != before { try database.run(KnownPeerSQL.deleteOfUser, [id.rawValue]) }
            if let before, user.phone != before { try database.run(CodeSQL.delete, [before]) }
            if forgetsAttempts, let phone = user.phone { try database.forgetAttempts(at: phone) }
            return try database.user(id)
        }
    }

    /// A user's folder: its name, and the account that owned it when it became the user's; nil if that is not
    /// recorded yet.
    public func folderOwner(
        of user: UserID
    ) async throws(CatalogError) -> (folder: UserFolder, owner: UInt32?)? {
        try await read("folderOwner") { database in
            try database.row(UserSQL.folderOwner, [user.rawValue]).map { row in
                (
                    try UserFolder(blob: row["folder"]),
                    (row["folder_owner"] as Int64?).flatMap { UInt32(exactly: $0) }
                )
            }
        }
    }

    /// Records the folder's owner.
    /// - Parameter replacing: false to keep an earlier record.
    public func noteFolderOwner(
        _ owner: UInt32, of user: UserID, replacing: Bool
    ) async throws(CatalogError) {
        try await write("noteFolderOwner") {
            try $0.run(
                replacing ? UserSQL.ownFolder : UserSQL.adoptFolder, ["owner": owner, "user": user.rawValue])
        }
    }

    /// The users whose folder's owner is not recorded, a page at a time.
    public func withUnlookedFolders(
        after last: UserID?, limit: Int
    ) async throws(CatalogError) -> [(id: UserID, folder: UserFolder)] {
        try await read("usersOfUnlookedFolders") { database in
            let page: StatementArguments = ["last": last?.rawValue ?? 0, "limit": limit]
            return try database.rows(UserSQL.unlookedFolders, page).map { row in
                (UserID(rawValue: row["id"]), try UserFolder(blob: row["folder"]))
            }
        }
    }

    /// The users without any data but their folder's name, for an hour at least: no number, no settings, no
    /// recordings. A page at a time.
    public func empty(
        after last: UserID?, limit: Int, now: Date = Date()
    ) async throws(CatalogError) -> [(id: UserID, folder: UserFolder)] {
        try await read("emptyUsers") { database in
            let arguments: StatementArguments = [
                "last": last?.rawValue ?? 0, "limit": limit,
                "before": Timestamp.text(now.addingTimeInterval(-3600)),
            ]
            return try database.rows(UserSQL.empty, arguments).map { row in
                (UserID(rawValue: row["id"]), try UserFolder(blob: row["folder"]))
            }
        }
    }

    /// Removes a user who is still one of ``empty(after:limit:now:)``.
    public func forgetEmpty(_ id: UserID) async throws(CatalogError) {
        try await write("forgetEmptyUser") { database in
            try database.run(UserSQL.forgetEmpty, [id.rawValue])
            guard database.changesCount == 1 else { return }
            try database.run("DELETE FROM recording_counts WHERE user_id = ?", [id.rawValue])
        }
    }

    /// Gives the users of these numbers the role of an admin.
    public func promote(phones: [String]) async throws(CatalogError) {
        try await write("promote") { database in
            for phone in phones { try database.run(UserSQL.promote, [phone]) }
        }
    }
}

extension Database {
    func user(_ id: UserID) throws -> User? {
        try row(UserSQL.byID, [id.rawValue]).map(User.init)
    }

    func knownUser(_ id: UserID) throws -> User {
        guard let user = try user(id) else { throw MalformedRow(column: "id") }
        return user
    }
}

enum UserSQL {
    static let columns = """
        u.id, u.phone_number, u.folder, u.role, u.is_active, u.created_at, u.sidecars, u.language, u.engine, \
        \(QuotaSQL.columns)
        """
    static let byID = "SELECT \(columns) FROM users u WHERE u.id = ?"
    static let byPhone = "SELECT \(columns) FROM users u WHERE u.phone_number = ?"
    static let byFolder = "SELECT \(columns) FROM users u WHERE u.folder = ?"
    static let page = "SELECT \(columns) FROM users u ORDER BY u.folder LIMIT :limit OFFSET :skip"
    static let count = "SELECT count(*) AS count FROM users"
    static let insert = """
        INSERT INTO users (folder, phone_number, role, created_at) VALUES (:folder, :phone, :role, :now)
        """
    static let update = """
        UPDATE users SET phone_number = :phone, role = :role, is_active = :is_active, sidecars = :sidecars,
            language = :language, engine = :engine, quota_bytes = :quota_bytes, quota_files = :quota_files,
            quota_minutes = :quota_minutes
        WHERE id = :user
        """
    static let link = "UPDATE users SET phone_number = :phone, folder_owner = :owner WHERE id = :user"
    static let ownFolder = "UPDATE users SET folder_owner = :owner WHERE id = :user"
    static let adoptFolder = "\(ownFolder) AND folder_owner IS NULL"
    static let folderOwner = "SELECT folder, folder_owner FROM users WHERE id = ?"
    static let unlookedFolders =
        "SELECT id, folder FROM users WHERE folder_owner IS NULL AND id > :last ORDER BY id LIMIT :limit"
    private static let isEmpty = """
        phone_number IS NULL AND role = 'user' AND is_active = 1 AND sidecars = 'txt' AND language IS NULL
            AND engine IS NULL AND quota_bytes IS NULL AND quota_files IS NULL AND quota_minutes IS NULL
            AND taken_ms = 0 AND NOT EXISTS (SELECT 1 FROM audio_records a WHERE a.user_id = users.id)
            AND NOT EXISTS (SELECT 1 FROM transcript_revisions r WHERE r.author = users.id)
            AND NOT EXISTS (SELECT 1 FROM access_tokens t WHERE t.user_id = users.id)
        """
    static let empty = """
        SELECT id, folder FROM users WHERE id > :last AND created_at < :before AND \(isEmpty)
        ORDER BY id LIMIT :limit
        """
    static let forgetEmpty = "DELETE FROM users WHERE id = ? AND \(isEmpty)"
    static let promote = "UPDATE users SET role = 'admin' WHERE phone_number = ?"
}

extension User {
    init(_ row: Row) throws {
        let sidecars: String = row["sidecars"]
        self.init(
            id: UserID(rawValue: row["id"]), phone: row["phone_number"],
            folder: try UserFolder(blob: row["folder"]),
            role: try row.value("role"), isActive: row["is_active"], created: try row.date("created_at"),
            settings: UserSettings(
                sidecars: sidecars.split(separator: ",").compactMap {
                    TranscriptFormat(rawValue: String($0))
                },
                language: row["language"],
                engine: (row["engine"] as String?).flatMap(EngineName.init(rawValue:))),
            quota: QuotaOverrides(row), use: QuotaUsage(row))
    }
}
