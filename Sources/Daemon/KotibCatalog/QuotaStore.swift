import FoundationEssentials
import GRDB
import KotibModel

/// The use of users' quotas, and the recordings that wait for room in them.
public struct QuotaStore: CatalogStore {
    let database: CatalogDatabase

    /// The reason for which a recording exceeds its user's quota now; nil if it fits. The final decision is
    /// made by ``IngestStore/accept(_:identity:facts:under:)``.
    public func refusal(
        of claim: QuotaClaim, by id: UserID, under quotas: Quotas
    ) async throws(CatalogError) -> Rejection? {
        guard let user = try await UserStore(database: database).find(id) else { return nil }
        return quotas.limits.with(user.quota).refusal(of: claim, beside: user.use.on(quotas.today))
    }

    /// Recordings that wait for room and would each fit, oldest first.
    /// - Parameter last: only recordings younger than this; nil for all.
    public func acceptableWaiting(
        _ id: UserID, after last: RecordingID?, limit: Int, under quotas: Quotas
    ) async throws(CatalogError) -> [WaitingRecording] {
        let today = quotas.today
        return try await read("readmissible") { database in
            guard let user = try database.user(id) else { return [] }
            let (limits, use) = (quotas.limits.with(user.quota), user.use.on(today))
            let (room, growth) = (limits.room(beside: use), limits.roomForGrowth(beside: use))
            return try database.rows(
                QuotaSQL.fitting,
                [
                    "user": user.id.rawValue, "last": last?.rawValue ?? 0, "size": room?.size ?? -1,
                    "milliseconds": room?.milliseconds ?? -1, "growth": growth ?? -1, "limit": limit,
                ]
            ).map(WaitingRecording.init)
        }
    }

    /// The users with recordings that wait for room.
    public func usersWaitingForQuota() async throws(CatalogError) -> [UserID] {
        try await read("usersWaitingForRoom") { database in
            try database.rows(QuotaSQL.users, []).map { UserID(rawValue: $0["user_id"]) }
        }
    }

    /// The users with waiting recordings whose quota may have got room since the last call.
    public func usersWithFreedQuota() async throws(CatalogError) -> [UserID] {
        try await write("usersWithRoom") { database in
            let users = try database.rows(QuotaSQL.grown, []).map { UserID(rawValue: $0["user_id"]) }
            if !users.isEmpty { try database.run(QuotaSQL.forgetGrown, []) }
            return users
        }
    }

    /// How many files wait for room.
    public func countWaitingForQuota() async throws(CatalogError) -> Int {
        try await read("waitingForRoom") { try $0.row(QuotaSQL.count, [])?["count"] ?? 0 }
    }

    /// Whether a recording grew and the growth waits for room: only its beginning was accepted.
    public func waitsToGrow(_ id: RecordingID) async throws(CatalogError) -> Bool {
        try await read("waitsToGrow") { try $0.waitingGrowth(of: id) != nil }
    }

    /// Yields soon after each commit by which ``usersWithFreedQuota()`` may have something. Ends when the
    /// task is cancelled or the catalog closed.
    public func quotaSignals() -> AsyncStream<Void> {
        database.room.stream()
    }
}

extension Database {
    /// The limits and the use of the user of a folder. Nil before the first recording.
    func quota(ofFolder folder: UserFolder) throws -> (own: QuotaOverrides, use: QuotaUsage)? {
        try row(QuotaSQL.ofFolder, [folder.blob]).map { (QuotaOverrides($0), QuotaUsage($0)) }
    }

    /// The reason to refuse an edit; nil if it fits.
    /// - Parameter size: bytes of the words and their times.
    func refusal(ofText size: Int64, by user: UserID?, under limits: Quota) throws -> Rejection? {
        guard let user, let row = try row(QuotaSQL.ofUser, [user.rawValue]) else { return nil }
        return limits.with(QuotaOverrides(row)).refusal(
            ofText: size, beside: QuotaUsage(row), texts: row["used_text"])
    }

    /// Adds an accepted recording to the day's usage.
    func count(_ claim: QuotaClaim, ofFolder folder: UserFolder, on day: Int) throws {
        try run(
            QuotaSQL.addUsage, ["folder": folder.blob, "day": day, "milliseconds": claim.milliseconds])
    }

    /// Records the minutes that a recording was charged for sound that no engine was given yet.
    func charge(_ id: RecordingID, _ milliseconds: Int64, on day: Int) throws {
        guard milliseconds > 0 else { return }
        try run(ChargeSQL.charge, ["recording": id.rawValue, "milliseconds": milliseconds, "day": day])
    }

    /// Milliseconds that a recording was charged on a day for sound that no engine was given yet.
    func unheardCharge(_ id: RecordingID, on day: Int) throws -> Int64 {
        try row(ChargeSQL.unheard, [id.rawValue]).map { $0["charged_day"] == day ? $0["charged_ms"] : 0 } ?? 0
    }

    /// Gives back the minutes of a recording that is replaced before its transcription began, on the day on
    /// which they were charged. Of one that is being transcribed they are those of what it grew by since.
    /// Other recordings may fit into the quota then.
    func giveBackUnheard(_ id: RecordingID) throws {
        guard let row = try row(ChargeSQL.unheard, [id.rawValue]) else { return }
        let (user, day): (Int64, Int) = (row["user_id"], row["charged_day"])
        try run(
            ChargeSQL.giveBack, ["user": user, "milliseconds": row["charged_ms"] as Int64, "day": day])
        guard changesCount == 1 else { return }
        try run(ChargeSQL.forget, [id.rawValue])
        try run(ChargeSQL.tellOfRoom, ["user": user])
    }

    /// Charges a recording that comes back for the minutes that were given back when it was replaced.
    /// - Returns: false if they exceed its user's quota: nothing was changed.
    func chargeAgain(_ id: RecordingID, in folder: UserFolder, under quotas: Quotas) throws -> Bool {
        guard let milliseconds: Int64 = try row(ChargeSQL.givenBack, [id.rawValue])?["charged_ms"] else {
            return true
        }
        let (own, use) = try quota(ofFolder: folder) ?? (QuotaOverrides(), QuotaUsage())
        let day = quotas.today
        let claim = QuotaClaim(size: 0, milliseconds: milliseconds, replaced: 0)
        guard quotas.limits.with(own).refusal(of: claim, beside: use.on(day)) == nil else { return false }
        try count(claim, ofFolder: folder, on: day)
        try run(ChargeSQL.chargeAgain, ["recording": id.rawValue, "day": day])
        return true
    }

    /// Keeps the facts about a file that is refused for the quota.
    func wait(_ id: RecordingID, _ identity: FileIdentity, _ facts: AudioFacts, doubt: ContentDoubt) throws {
        try wait(
            id, size: identity.size, milliseconds: QuotaClaim.milliseconds(of: facts.duration), facts,
            doubt: doubt)
    }

    private func wait(
        _ id: RecordingID, size: Int64, milliseconds: Int64, _ facts: AudioFacts, doubt: ContentDoubt
    ) throws {
        try run(
            QuotaSQL.wait,
            facts.arguments + ["recording": id.rawValue, "size": size, "milliseconds": milliseconds])
        // Its words are not lent out when it is taken.
        if doubt != .none {
            try run(QuotaSQL.doubt, ["recording": id.rawValue, "doubt": doubt.rawValue])
        }
    }

    /// Keeps the facts about a recording that grew, and whose growth exceeds the quota.
    /// - Parameters:
    ///   - recording: as it was accepted.
    ///   - growth: bytes.
    func waitToGrow(
        _ recording: Recording, _ identity: FileIdentity, _ facts: AudioFacts, by growth: Int64,
        doubt: ContentDoubt
    ) throws {
        let duration = max(0, facts.duration - (recording.facts?.duration ?? 0))
        try wait(
            recording.id, size: -max(1, growth), milliseconds: QuotaClaim.milliseconds(of: duration), facts,
            doubt: doubt)
    }

    /// Bytes by which a recording grew and that wait for room; nil if none do.
    func waitingGrowth(of id: RecordingID) throws -> Int64? {
        try row(QuotaSQL.growth, [id.rawValue]).map { -($0["size"] as Int64) }
    }

    /// - Returns: whether a growth was waiting.
    @discardableResult
    func endGrowthWait(of id: RecordingID) throws -> Bool {
        try run(QuotaSQL.endGrowthWait, [id.rawValue])
        return changesCount == 1
    }
}

extension QuotaOverrides {
    init(_ row: Row) {
        self.init(
            bytes: row["quota_bytes"], files: row["quota_files"], minutesPerDay: row["quota_minutes"])
    }
}

extension QuotaUsage {
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
        // That it is a growth was decided when it began to wait.
        if row["growth"] as Bool { self.facts.continues = SoundIdentity(row, prefix: "accepted_") }
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
    static let addUsage = """
        UPDATE users SET taken_ms = CASE taken_day WHEN :day THEN taken_ms ELSE 0 END + :milliseconds,
            taken_day = :day
        WHERE folder = :folder
        """
    /// `size` is that of a refused file, which no quota counts yet; for a growth, whose file is counted
    /// already, it is the negative size of the added part.
    static let wait = """
        INSERT INTO quota_waits (audio_record_id, user_id, size, milliseconds, sha256, media_type, container,
            codec, duration, channels, sample_rate, inspection_warnings, sound_sha256, sound_size, is_patched)
        SELECT id, user_id, :size, :milliseconds, :sha256, :media_type, :container,
            :codec, :duration, :channels, :sample_rate, :inspection_warnings, :sound_sha256, :sound_size, :is_patched
        FROM audio_records WHERE id = :recording AND user_id IS NOT NULL
        ON CONFLICT (audio_record_id) DO UPDATE SET user_id = excluded.user_id, size = excluded.size,
            milliseconds = excluded.milliseconds, sha256 = excluded.sha256, media_type = excluded.media_type,
            container = excluded.container, codec = excluded.codec, duration = excluded.duration,
            channels = excluded.channels, sample_rate = excluded.sample_rate,
            inspection_warnings = excluded.inspection_warnings, sound_sha256 = excluded.sound_sha256,
            sound_size = excluded.sound_size, is_patched = excluded.is_patched
        """
    static let doubt = "UPDATE audio_records SET doubt = max(doubt, :doubt) WHERE id = :recording"
    /// Recordings that do not fit are skipped in the index. CROSS JOIN keeps the order of the loops.
    static let fitting = """
        SELECT a.id, a.path, a.device, a.inode, a.file_size, a.modified_ns, a.changed_ns, w.sha256, w.media_type,
            w.container, w.codec, w.duration, w.channels, w.sample_rate,
            w.inspection_warnings, w.sound_sha256, w.sound_size, w.is_patched, w.size < 0 AS growth,
            a.sound_sha256 AS accepted_sound_sha256, a.sound_size AS accepted_sound_size
        FROM quota_waits w INDEXED BY quota_waits_user CROSS JOIN audio_records a ON a.id = w.audio_record_id
        WHERE w.user_id = :user AND w.audio_record_id > :last
            AND iif(w.size < 0, w.milliseconds <= :growth,
                w.size <= :size AND w.milliseconds <= :milliseconds)
            AND \(DeletionSQL.isVisible)
        ORDER BY w.audio_record_id LIMIT :limit
        """
    static let growth = "SELECT size FROM quota_waits WHERE audio_record_id = ? AND size < 0"
    static let waitsAs = """
        SELECT 1 FROM quota_waits WHERE audio_record_id = :recording AND size < 0 AND sha256 = :sha256
        """
    static let endGrowthWait = "DELETE FROM quota_waits WHERE audio_record_id = ? AND size < 0"
    static let users = "SELECT DISTINCT user_id FROM quota_waits"
    static let grown = "SELECT user_id FROM quota_room"
    static let forgetGrown = "DELETE FROM quota_room"
    static let count = "SELECT count(*) AS count FROM quota_waits"
}

enum ChargeSQL {
    /// A charge of another day, or one that was given back, counts no more.
    static let charge = """
        UPDATE audio_records SET charged_ms = iif(charged_day = :day, charged_ms, 0) + :milliseconds,
            charged_day = :day
        WHERE id = :recording
        """
    static let unheard = """
        SELECT user_id, charged_ms, charged_day FROM audio_records a
        WHERE id = ? AND transcription_status IN ('pending', 'processing') AND charged_ms > 0
            AND charged_day IS NOT NULL AND user_id IS NOT NULL AND \(DeletionSQL.isVisible)
        """
    static let giveBack = """
        UPDATE users SET taken_ms = max(0, taken_ms - :milliseconds) WHERE id = :user AND taken_day = :day
        """
    static let forget = "UPDATE audio_records SET charged_day = NULL WHERE id = ?"
    static let tellOfRoom = """
        INSERT INTO quota_room (user_id) SELECT :user WHERE EXISTS (SELECT 1 FROM quota_waits WHERE user_id = :user)
        ON CONFLICT DO NOTHING
        """
    static let givenBack = """
        SELECT charged_ms FROM audio_records
        WHERE id = ? AND (transcription_status = 'failed' OR shown_until IS NOT NULL)
            AND charged_ms > 0 AND charged_day IS NULL
        """
    static let chargeAgain = "UPDATE audio_records SET charged_day = :day WHERE id = :recording"
}
