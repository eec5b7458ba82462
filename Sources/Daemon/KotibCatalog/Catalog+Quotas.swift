import FoundationEssentials
import GRDB
import KotibModel

extension Catalog {
    /// Why a user's quota would have no room for a recording now; nil where it has. That it still has when
    /// the recording is taken is for ``accept(_:identity:facts:under:)`` to say.
    public func refusal(
        of claim: QuotaClaim, by id: UserID, under quotas: Quotas
    ) async throws(CatalogError) -> Rejection? {
        guard let user = try await user(id) else { return nil }
        return quotas.limits.with(user.quota).refusal(of: claim, beside: user.use.on(quotas.today))
    }

    /// Recordings that wait for room and would each fit, oldest first.
    /// - Parameter last: only what is younger than this; nil for all.
    public func readmissible(
        _ id: UserID, after last: RecordingID?, limit: Int, under quotas: Quotas
    ) async throws(CatalogError) -> [WaitingRecording] {
        let today = quotas.today
        return try await read("readmissible") { database in
            guard let user = try database.user(id),
                let room = quotas.limits.with(user.quota).room(beside: user.use.on(today))
            else { return [] }
            return try database.rows(
                QuotaSQL.fitting,
                [user.id.rawValue, last?.rawValue ?? 0, room.size, room.milliseconds, limit]
            ).map(WaitingRecording.init)
        }
    }

    /// The users for whom something waits.
    public func usersWaitingForRoom() async throws(CatalogError) -> [UserID] {
        try await read("usersWaitingForRoom") { database in
            try database.rows(QuotaSQL.users, []).map { UserID(rawValue: $0["user_id"]) }
        }
    }

    /// The users for whom something waits and whose room may have grown since the last call.
    public func usersWithRoom() async throws(CatalogError) -> [UserID] {
        try await write("usersWithRoom") { database in
            let users = try database.rows(QuotaSQL.grown, []).map { UserID(rawValue: $0["user_id"]) }
            if !users.isEmpty { try database.run(QuotaSQL.forgetGrown, []) }
            return users
        }
    }

    /// How many files wait for room.
    public func waitingForRoom() async throws(CatalogError) -> Int {
        try await read("waitingForRoom") { try $0.row(QuotaSQL.count, [])?["count"] ?? 0 }
    }

    /// Yields soon after each commit by which ``usersWithRoom()`` may have something. Ends when the task is
    /// cancelled or the catalog closed.
    public func roomSignals() -> AsyncStream<Void> {
        room.stream()
    }
}

extension Database {
    /// The limits and the use of the user of a folder. Nil before the first recording.
    func quota(ofFolder folder: UserFolder) throws -> (own: OwnQuota, use: QuotaUse)? {
        try row(QuotaSQL.ofFolder, [folder.blob]).map { (OwnQuota($0), QuotaUse($0)) }
    }

    /// Why there is no room for a person's words; nil where there is.
    /// - Parameter size: bytes of the words and their times.
    func refusal(ofText size: Int64, by user: UserID?, under limits: Quota) throws -> Rejection? {
        guard let user, let row = try row(QuotaSQL.ofUser, [user.rawValue]) else { return nil }
        return limits.with(OwnQuota(row)).refusal(
            ofText: size, beside: QuotaUse(row), texts: row["used_text"])
    }

    /// Counts what was taken in today.
    func count(_ claim: QuotaClaim, ofFolder folder: UserFolder, on day: Int) throws {
        try run(QuotaSQL.take, [day, claim.milliseconds, folder.blob])
    }

    /// Keeps what is known of a file that is refused for want of room.
    func wait(_ id: RecordingID, _ identity: FileIdentity, _ facts: AudioFacts, doubt: ContentDoubt) throws {
        try run(
            QuotaSQL.wait,
            [id.rawValue, identity.size, QuotaClaim.milliseconds(of: facts.duration)]
                + StatementArguments(facts.columns))
        // Its words are not lent out when it is taken.
        if doubt != .none { try run(QuotaSQL.doubt, [id.rawValue, doubt.rawValue]) }
    }
}

extension OwnQuota {
    init(_ row: Row) {
        self.init(
            bytes: row["quota_bytes"], files: row["quota_files"], minutesPerDay: row["quota_minutes"])
    }
}

extension QuotaUse {
    init(_ row: Row) {
        self.init(
            bytes: row["used_bytes"], files: row["used_files"], milliseconds: row["taken_ms"],
            day: row["taken_day"])
    }
}

extension WaitingRecording {
    fileprivate init(_ row: Row) throws {
        guard let facts = AudioFacts(row) else { throw MalformedRow(column: "sha256") }
        self.init(
            id: RecordingID(rawValue: row["id"]), path: try InboxPath(row), identity: FileIdentity(row),
            facts: facts)
    }
}

enum QuotaSQL {
    /// Of `users` under the name `u`.
    static let columns = """
        u.quota_bytes, u.quota_files, u.quota_minutes, u.used_bytes + max(0, u.used_text - \(Quota.freeText))
            AS used_bytes, u.used_files, u.taken_day, u.taken_ms
        """
    static let ofUser = "SELECT \(columns), u.used_text FROM users u WHERE u.id = ?"
    static let ofFolder = "SELECT \(columns) FROM users u WHERE u.folder = ?"
    static let take = """
        UPDATE users SET taken_ms = CASE taken_day WHEN ?1 THEN taken_ms ELSE 0 END + ?2, taken_day = ?1
        WHERE folder = ?3
        """
    static let wait = """
        INSERT INTO quota_waits (audio_record_id, user_id, size, milliseconds, sha256, media_type, container,
            codec, duration, channels, sample_rate, inspection_warnings, sound_sha256, sound_size)
        SELECT id, user_id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 FROM audio_records
        WHERE id = ?1 AND user_id IS NOT NULL
        ON CONFLICT (audio_record_id) DO UPDATE SET user_id = excluded.user_id, size = excluded.size,
            milliseconds = excluded.milliseconds, sha256 = excluded.sha256, media_type = excluded.media_type,
            container = excluded.container, codec = excluded.codec, duration = excluded.duration,
            channels = excluded.channels, sample_rate = excluded.sample_rate,
            inspection_warnings = excluded.inspection_warnings, sound_sha256 = excluded.sound_sha256,
            sound_size = excluded.sound_size
        """
    static let doubt = "UPDATE audio_records SET doubt = max(doubt, ?2) WHERE id = ?1"
    /// Recordings that do not fit are skipped in the index. CROSS JOIN keeps the order of the loops.
    static let fitting = """
        SELECT a.id, a.path, a.device, a.inode, a.file_size, a.modified_ns, a.changed_ns, w.sha256, w.media_type,
            w.container, w.codec, w.duration, w.channels, w.sample_rate,
            w.inspection_warnings, w.sound_sha256, w.sound_size
        FROM quota_waits w INDEXED BY quota_waits_user CROSS JOIN audio_records a ON a.id = w.audio_record_id
        WHERE w.user_id = ?1 AND w.audio_record_id > ?2 AND w.size <= ?3 AND w.milliseconds <= ?4
            AND \(DeletionSQL.isVisible)
        ORDER BY w.audio_record_id LIMIT ?5
        """
    static let users = "SELECT DISTINCT user_id FROM quota_waits"
    static let grown = "SELECT user_id FROM quota_room"
    static let forgetGrown = "DELETE FROM quota_room"
    static let count = "SELECT count(*) AS count FROM quota_waits"
}
