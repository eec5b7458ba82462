import FoundationEssentials
import GRDB
import KotibModel

/// A recording that was found at another path.
public struct Relocation: Hashable, Sendable {
    public var recording: RecordingID
    /// The recording that had the new path before. The caller cancels its job.
    public var old: RecordingID?
    /// Notes about `old`, for the caller to remove.
    public var notes: [Sidecar]
}

/// A move whose texts have not been renamed yet.
public struct UnfinishedMove: Hashable, Sendable {
    public var recording: RecordingID
    /// The path before the move.
    public var path: InboxPath
}

/// Moved recordings, and their texts that follow them.
public struct MoveStore: CatalogStore {
    let database: CatalogDatabase

    /// The number of candidates for each way to find a recording: somebody may have thousands with the same
    /// content.
    static let maxOrigins = 8

    /// The recordings that a file may have been, best first: of the same user and content, at other paths, or
    /// replaced at this one. The caller checks whether one still lies at its own path.
    ///
    /// The order: the very file, the last removed one, one that the catalog takes for present, one
    /// that has grown to this content and waits for room; then those with the same sound and other tags.
    public func origins(
        of path: InboxPath, identity: FileIdentity, facts: AudioFacts
    ) async throws(CatalogError) -> [Recording] {
        let name = ByteText.escaped(path.name)
        return try await read("origins") { database in
            guard let user = try database.userIfKnown(path.user)?.rawValue else { return [] }
            let content: StatementArguments = [
                "user": user, "sha256": Data(facts.sha256), "file_size": identity.size, "path": path.blob,
                "inode": Int64(bitPattern: identity.inode), "file_name": name, "limit": Self.maxOrigins,
            ]
            var rows =
                try database.rows(MoveSQL.byInode, content) + database.rows(MoveSQL.departed, content)
                + database.rows(MoveSQL.present, content) + database.rows(MoveSQL.waitingToGrow, content)
            if let sound = facts.sound {
                let same: StatementArguments = [
                    "user": user, "sound_sha256": Data(sound.sha256), "path": path.blob,
                    "limit": Self.maxOrigins,
                ]
                rows += try database.rows(MoveSQL.departedSound, same)
                rows += try database.rows(MoveSQL.presentSound, same)
            }
            var seen: Set<RecordingID> = []
            return try rows.map(Recording.init).filter { seen.insert($0.id).inserted }
        }
    }

    /// The recording with exactly this identity at another path of the same user, as after a move of its
    /// folder. Nil if there is none.
    public func origin(
        of path: InboxPath, identity: FileIdentity
    ) async throws(CatalogError) -> Recording? {
        try await read("origin") { database in
            guard let user = try database.userIfKnown(path.user)?.rawValue else { return nil }
            return try database.row(
                MoveSQL.unchanged, identity.arguments + ["user": user, "path": path.blob]
            ).map(Recording.init)
        }
    }

    /// The recordings at other paths of the same user that had a file when it was shorter. An inode may be
    /// another file's by now: the caller compares the sound.
    public func origins(
        ofGrown path: InboxPath, identity: FileIdentity
    ) async throws(CatalogError) -> [Recording] {
        try await read("originsOfGrown") { database in
            guard let user = try database.userIfKnown(path.user)?.rawValue else { return [] }
            return try database.rows(
                MoveSQL.shorter,
                [
                    "user": user, "path": path.blob, "inode": Int64(bitPattern: identity.inode),
                    "file_size": identity.size, "limit": Self.maxOrigins,
                ]
            ).map(Recording.init)
        }
    }

    /// The recordings of a user whose audio is a file, wherever it lay when they were recorded.
    public func recordings(
        with file: FileIdentity, in user: UserFolder
    ) async throws(CatalogError) -> [Recording] {
        try await read("recordingsOfFile") { database in
            guard let user = try database.userIfKnown(user)?.rawValue else { return [] }
            return try database.rows(
                MoveSQL.ofFile,
                [
                    "user": user, "inode": Int64(bitPattern: file.inode), "file_size": file.size,
                    "modified_ns": file.modified, "limit": Self.maxOrigins,
                ]
            ).map(Recording.init)
        }
    }

    /// Gives a recording its new path, and records that its texts are to be renamed. A recording that failed,
    /// or was refused for its path alone, is queued again; minutes that were given back when it was replaced
    /// are charged again.
    /// - Parameters:
    ///   - seen: the recording as it was when its file was missing at its path.
    ///   - facts: of the file at the new path, which may have other tags; nil if it is unchanged.
    ///   - quotas: a recording whose minutes exceed them stays replaced.
    /// - Returns: nil if it has changed since, the path holds the same recording, or the quota is used up:
    ///   nothing was changed.
    public func relocate(
        _ seen: Recording, to path: InboxPath, identity: FileIdentity, facts: AudioFacts? = nil,
        under quotas: Quotas = Quotas()
    ) async throws(CatalogError) -> Relocation? {
        let now = quotas.now()
        return try await write("relocate") { database in
            guard let recording = try database.recording(seen.id), recording.path == seen.path,
                recording.facts?.sha256 == seen.facts?.sha256,
                recording.audio != .present || recording.identity == seen.identity,
                recording.audio != .present || seen.audio == .present,
                try !database.isBeingDeleted(seen.id)
            else { return nil }
            var relocation = Relocation(recording: seen.id, old: nil, notes: [])
            if let holder = try database.currentRecording(path) {
                let isGoing = try database.isBeingDeleted(holder.id)
                let holdsTheSame =
                    if let held = holder.facts, let own = seen.facts {
                        held.isSameRecording(as: own)
                    } else { false }
                guard !holdsTheSame || isGoing,
                    try database.chargeAgain(seen.id, in: path.user, under: quotas)
                else { return nil }
                relocation.old = holder.id
                if !isGoing { relocation.notes = try database.notesToRemove(of: holder.id) }
                try database.supersede(holder.id, now: now)
            } else if try !database.chargeAgain(seen.id, in: path.user, under: quotas) {
                return nil
            }
            try database.move(recording, to: path, identity, now)
            if let facts { try database.describe(moved: recording, facts) }
            return relocation
        }
    }

    /// Unfinished moves in the order of the recordings' ids, a page at a time.
    /// - Parameter last: the last id of the page before; nil for the first.
    public func unfinished(
        after last: RecordingID?, limit: Int
    ) async throws(CatalogError) -> [UnfinishedMove] {
        try await read("unfinishedMoves") { database in
            let page: StatementArguments = ["last": last?.rawValue ?? 0, "limit": limit]
            return try database.rows(MoveSQL.page, page).map { row in
                UnfinishedMove(
                    recording: RecordingID(rawValue: row["audio_record_id"]), path: try InboxPath(row))
            }
        }
    }

    /// Whether a recording's texts are still to be renamed.
    public func isMoving(_ id: RecordingID) async throws(CatalogError) -> Bool {
        try await read("isMoving") { try $0.row(MoveSQL.isMoving, [id.rawValue]) != nil }
    }

    /// Records the new paths of one recording's texts, which of them no longer exist, and whether the move is
    /// complete. Another recording's text that has such a path was moved too: it gets the old path, until its
    /// recording is found.
    /// - Parameter isDue: whether they are to be written again, since some of them contain the recording's
    ///   name.
    public func sidecarsMoved(
        of id: RecordingID, _ moved: [(from: InboxPath, to: InboxPath)], lost: [InboxPath],
        isDone: Bool, isDue: Bool
    ) async throws(CatalogError) {
        try await write("sidecarsMoved") { database in
            for (from, to) in moved { try database.moveSidecar(of: id, from: from, to: to) }
            for path in lost {
                try database.run(
                    "DELETE FROM sidecars WHERE path = :path AND audio_record_id = :recording",
                    ["path": path.blob, "recording": id.rawValue])
            }
            if isDone { try database.run(MoveSQL.finish, [id.rawValue]) }
            if isDue { try database.run(MoveSQL.makeDue, [id.rawValue]) }
        }
    }
}

extension Database {
    /// A recording whose growth waits for room keeps the facts with which it was accepted.
    fileprivate func describe(moved recording: Recording, _ facts: AudioFacts) throws {
        let waiting: StatementArguments = [
            "recording": recording.id.rawValue, "sha256": Data(facts.sha256),
        ]
        if try row(QuotaSQL.waitsAs, waiting) == nil {
            try endGrowthWait(of: recording.id)
            try describe(recording, facts)
        } else {
            try makeDue(.rejected, recording.id)
        }
    }

    fileprivate func move(
        _ recording: Recording, to path: InboxPath, _ identity: FileIdentity, _ now: Date
    ) throws {
        let (id, time) = (recording.id.rawValue, Timestamp.text(now))
        try run(MoveSQL.intend, ["recording": id, "path": recording.path.blob, "now": time])
        // It was not replaced after all.
        try run("DELETE FROM transcript_revisions WHERE earlier_record = ?", [id])
        try run(
            MoveSQL.move,
            identity.arguments + [
                "recording": id, "file_name": ByteText.escaped(path.name), "file_path": path.text,
                "path": path.blob, "now": time,
            ])
        try run(MoveSQL.waitAgain, [id])
        // Of what was replaced somebody else's words may have taken the text's place; and who brings back a
        // file brings it back for its words.
        if recording.audio == .replaced || !recording.identity.isSameFile(as: identity) {
            try run(InspectedFileSQL.makeDueAgain, [id])
        } else if recording.audio == .gone {
            // Its remark went when it did.
            try run(MoveSQL.makeRemarkDue, [id])
        }
    }

    fileprivate func moveSidecar(of id: RecordingID, from: InboxPath, to: InboxPath) throws {
        // Paths are unique, and none has a NUL.
        let aside = Data([0]) + to.blob
        try run(
            "UPDATE sidecars SET path = :aside WHERE path = :to AND audio_record_id <> :recording",
            ["aside": aside, "to": to.blob, "recording": id.rawValue])
        try run(MoveSQL.sidecar, ["recording": id.rawValue, "from": from.blob, "to": to.blob])
        try run(
            "UPDATE sidecars SET path = :from WHERE path = :aside", ["from": from.blob, "aside": aside])
    }

    /// Keeps the words of the recording whose path was taken, as an earlier revision of the new one: its
    /// current words, or if it has none yet, those that it had inherited itself.
    func inherit(from old: RecordingID, to new: RecordingID) throws {
        try run(MoveSQL.inherit, ["old": old.rawValue, "new": new.rawValue])
    }
}

enum MoveSQL {
    static let byInode = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_inode
        WHERE +user_id = :user AND sha256 = :sha256 AND file_size = :file_size AND path <> :path
            AND \(DeletionSQL.isVisible) AND inode = :inode LIMIT :limit
        """
    /// Only rows that departed at the same time are sorted.
    static let departed = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_departed
        WHERE user_id = :user AND sha256 = :sha256 AND file_size = :file_size AND (path <> :path OR is_current = 0)
            AND \(DeletionSQL.isVisible) AND audio_state <> 'present'
        ORDER BY updated_at DESC, file_name = :file_name DESC, id LIMIT :limit
        """
    static let present = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_content
        WHERE user_id = :user AND sha256 = :sha256 AND file_size = :file_size AND path <> :path
            AND \(DeletionSQL.isVisible) AND audio_state = 'present' LIMIT :limit
        """
    static let departedSound = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_departed_sound
        WHERE user_id = :user AND sound_sha256 = :sound_sha256 AND (path <> :path OR is_current = 0) AND \(DeletionSQL.isVisible)
            AND audio_state <> 'present' ORDER BY updated_at DESC LIMIT :limit
        """
    static let presentSound = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_sound
        WHERE user_id = :user AND sound_sha256 = :sound_sha256 AND path <> :path AND \(DeletionSQL.isVisible)
            AND audio_state = 'present' LIMIT :limit
        """
    static let waitingToGrow = """
        SELECT \(RecordingSQL.columns) FROM audio_records a
        WHERE id IN (SELECT audio_record_id FROM quota_waits INDEXED BY quota_waits_user
                WHERE user_id = :user AND size < 0 AND quota_waits.sha256 = :sha256)
            AND +user_id = :user AND path <> :path AND \(DeletionSQL.isVisible) LIMIT :limit
        """
    static let unchanged = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_inode
        WHERE +user_id = :user AND path <> :path AND device = :device AND inode = :inode
            AND file_size = :file_size AND modified_ns = :modified_ns AND changed_ns = :changed_ns
            AND sha256 IS NOT NULL AND \(DeletionSQL.isVisible) LIMIT 1
        """
    static let shorter = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_inode
        WHERE +user_id = :user AND path <> :path AND inode = :inode AND file_size < :file_size
            AND sha256 IS NOT NULL AND sound_sha256 IS NOT NULL AND \(DeletionSQL.isVisible) LIMIT :limit
        """
    static let ofFile = """
        SELECT \(RecordingSQL.columns) FROM audio_records a INDEXED BY audio_records_inode
        WHERE +user_id = :user AND inode = :inode AND file_size = :file_size AND modified_ns = :modified_ns
            AND sha256 IS NOT NULL AND \(DeletionSQL.isVisible) LIMIT :limit
        """
    static let move = """
        UPDATE audio_records SET file_name = :file_name, original_filename = :file_name,
            file_path = :file_path, path = :path, \(InspectedFileSQL.setIdentity), updated_at = :now,
            handled_at = CASE audio_state WHEN 'present' THEN handled_at ELSE :now END,
            audio_state = 'present', is_current = 1
        WHERE id = :recording
        """
    /// If it failed, or was replaced when only its beginning had been transcribed.
    static let waitAgain = """
        UPDATE audio_records SET transcription_status = 'pending', attempts = 0, interruptions = 0,
            due_at = NULL, error_code = NULL, error_message = NULL, sidecar_due = \(SidecarRegistry.wordsStayDue)
        WHERE id = ? AND (transcription_status = 'failed'
            OR transcription_status = 'completed' AND shown_until IS NOT NULL)
        """
    /// The earliest place, where several moves are not finished.
    static let intend = """
        INSERT INTO moves (audio_record_id, path, requested_at)
            SELECT :recording, :path, :now
            WHERE EXISTS (SELECT 1 FROM sidecars WHERE audio_record_id = :recording) OR \(IntentSQL.isWriting)
        ON CONFLICT DO NOTHING
        """
    static let isMoving = "SELECT 1 FROM moves WHERE audio_record_id = ?"
    static let page =
        "SELECT * FROM moves WHERE audio_record_id > :last ORDER BY audio_record_id LIMIT :limit"
    static let finish = "DELETE FROM moves WHERE audio_record_id = ?"
    static let sidecar = """
        UPDATE OR REPLACE sidecars SET path = :to, is_removed = 0
        WHERE path = :from AND audio_record_id = :recording
        """
    static let makeDue = """
        UPDATE audio_records SET sidecar_due = 'transcript', sidecar_version = sidecar_version + 1
        WHERE id = ? AND revision_id IS NOT NULL
        """
    /// The remark comes with the text.
    static let makeRemarkDue = """
        UPDATE audio_records SET sidecar_due = 'transcript', sidecar_version = sidecar_version + 1
        WHERE id = ? AND revision_id IS NOT NULL AND transcript_text = ''
            AND (inspection_warnings IS NOT NULL OR transcription_warnings IS NOT NULL)
        """
    static let inherit = """
        INSERT INTO transcript_revisions
            (audio_record_id, author, origin, text, segments, language, created_at, earlier_record)
        SELECT :new, r.author, r.origin, r.text, r.segments, r.language, r.created_at, :old
        FROM audio_records a JOIN transcript_revisions r ON r.id = coalesce(a.revision_id,
            (SELECT max(id) FROM transcript_revisions WHERE audio_record_id = a.id))
        WHERE a.id = :old
        """
}
