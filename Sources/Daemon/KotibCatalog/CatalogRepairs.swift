import FoundationEssentials
import GRDB
import KotibModel

/// Repairs that make a catalog of salvaged rows consistent.
extension Database {
    /// Recordings whose user's row is lost are still in that user's folder.
    /// - Returns: how many users were made.
    func addMissingUsers(_ now: Date) throws -> Int {
        let missing = try Row.fetchAll(
            self,
            sql: """
                SELECT user_id, min(path) AS path FROM audio_records a
                WHERE user_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = a.user_id)
                GROUP BY user_id
                """)
        var count = 0
        for row in missing {
            guard let path = (row["path"] as Data?).flatMap({ InboxPath(Array($0)) }) else { continue }
            let id: Int64 = row["user_id"]
            if let other = try userIfKnown(path.user) {
                try execute(
                    sql: "UPDATE audio_records SET user_id = :other WHERE user_id = :user",
                    arguments: ["other": other.rawValue, "user": id])
            } else {
                try execute(
                    sql: "INSERT INTO users (id, folder, created_at) VALUES (:user, :folder, :now)",
                    arguments: ["user": id, "folder": path.user.blob, "now": Timestamp.text(now)])
                count += 1
            }
        }
        return count
    }

    /// The counts of triggers, for rows that came in another order than theirs.
    func recount() throws {
        try execute(
            sql: """
                UPDATE transcript_revisions SET charged_to =
                        (SELECT user_id FROM audio_records a WHERE a.id = audio_record_id)
                    WHERE charged > 0 AND charged_to IS NULL;
                UPDATE users SET
                    used_bytes = (SELECT coalesce(sum(file_size), 0) FROM audio_records a WHERE a.user_id = users.id
                        AND a.transcription_status <> 'rejected' AND a.audio_state = 'present'),
                    used_files = (SELECT count(*) FROM audio_records a WHERE a.user_id = users.id
                        AND a.transcription_status <> 'rejected' AND a.audio_state = 'present'),
                    waiting = (SELECT count(*) FROM audio_records a WHERE a.user_id = users.id
                        AND a.transcription_status = 'pending' AND a.audio_state = 'present' AND a.due_at IS NULL),
                    used_text = (SELECT coalesce(sum(charged), 0) FROM transcript_revisions r
                        WHERE r.charged_to = users.id);
                DELETE FROM recording_counts;
                INSERT INTO recording_counts (user_id, status, language, count)
                    SELECT coalesce(user_id, 0), transcription_status, coalesce(language, ''), count(*)
                    FROM audio_records WHERE NOT (transcription_status = 'failed' AND error_code IS 'superseded')
                    GROUP BY 1, 2, 3;
                """)
    }

    /// Nobody gets in by what was before.
    func endSessions() throws {
        try execute(sql: "DELETE FROM access_tokens; DELETE FROM known_peers; DELETE FROM otp_tokens")
    }

    /// Loaded rows are no news for hooks.
    func forgetHooks() throws {
        for table in ["hook_deliveries", "hook_events", "hook_receivers"] where try tableExists(table) {
            try execute(sql: "DELETE FROM \(table)")
        }
    }

    /// Versions of texts whose recording is lost.
    func unattachedRevisions() throws -> Int {
        try Int.fetchOne(
            self,
            sql: """
                SELECT count(*) FROM transcript_revisions r
                WHERE NOT EXISTS (SELECT 1 FROM audio_records a WHERE a.id = r.audio_record_id)
                """) ?? 0
    }

    /// Rows that refer to what is lost.
    func removeOrphans() throws -> Int {
        var count = 0
        // Tables without rowids, which the check below names no rows of.
        for (table, column, parent) in [
            ("access_tokens", "user_id", "users"), ("known_peers", "user_id", "users"),
            ("sidecar_intents", "audio_record_id", "audio_records"),
        ] where try tableExists(table) {
            try execute(sql: "DELETE FROM \(table) WHERE \(column) NOT IN (SELECT id FROM \(parent))")
            count += changesCount
        }
        while true {
            // With a recording its words may go, which then refer to nothing.
            let before = count
            for row in try Row.fetchAll(self, sql: "PRAGMA foreign_key_check") {
                guard let table: String = row["table"], let id: Int64 = row["rowid"] else { continue }
                // Whoever wrote it is nobody's any more; the words stay.
                let isAuthor = table == "transcript_revisions" && (row["parent"] as String?) == "users"
                let sql =
                    isAuthor
                    ? "UPDATE \(table) SET author = NULL WHERE rowid = ?"
                    : "DELETE FROM \(table) WHERE rowid = ?"
                try execute(sql: sql, arguments: [id])
                if !isAuthor { count += changesCount }
            }
            if count == before { return count }
        }
    }

    /// A revision that lost the end of its row keeps its words, without the times that they were spoken at.
    func repairEndsOfRevisions(_ now: Date) throws {
        try execute(
            sql: """
                UPDATE transcript_revisions SET segments = '[]' WHERE NOT json_valid(segments);
                UPDATE transcript_revisions SET created_at = :now WHERE created_at NOT LIKE '____-__-__T__:__:__.___Z';
                """, arguments: ["now": Timestamp.text(now)])
    }

    /// Words are in two places, of which one may have lost its end: SQLite does not notice if the last page
    /// of a long value is empty. The longer one is whole then; if they differ otherwise, the revision is
    /// right. A recording that lost the end of its row has no number of a revision either.
    func showWholeWords() throws {
        try execute(
            sql: """
                UPDATE audio_records SET revision_id = (SELECT max(r.id) FROM transcript_revisions r
                        WHERE r.audio_record_id = audio_records.id AND r.earlier_record IS NULL
                        AND substr(r.text, 1, length(transcript_text)) = transcript_text)
                    WHERE transcript_text <> '' AND coalesce(revision_id, 0) = 0;
                UPDATE transcript_revisions SET text =
                        (SELECT a.transcript_text FROM audio_records a WHERE a.id = audio_record_id)
                    WHERE EXISTS (SELECT 1 FROM audio_records a WHERE a.id = audio_record_id
                        AND a.revision_id = transcript_revisions.id AND length(a.transcript_text) > length(text)
                        AND substr(a.transcript_text, 1, length(text)) = text);
                UPDATE audio_records SET transcript_text =
                        (SELECT r.text FROM transcript_revisions r WHERE r.id = revision_id)
                    WHERE transcript_text IS NOT NULL AND EXISTS (SELECT 1 FROM transcript_revisions r
                        WHERE r.id = revision_id AND r.audio_record_id = audio_records.id AND r.text <> transcript_text);
                """)
    }

    /// The daemon reads a text at its start that has words which the catalog lacks, although nobody has
    /// touched the file since it was written. It would write over them otherwise.
    /// - Parameter ofBackup: recordings that came from the backup. Of others it is known whether a newer text
    ///   is still to be written.
    func forgetTextsWithLostWords(_ ofBackup: Set<Int64>) throws {
        let texts = try Row.fetchCursor(
            self,
            sql: """
                SELECT s.id, s.audio_record_id, s.words_sha256, a.transcript_text, a.sidecar_due
                FROM sidecars s JOIN audio_records a ON a.id = s.audio_record_id
                WHERE s.kind = 'transcript' AND s.is_removed = 0
                """)
        var lost: [Int64] = []
        while let text = try texts.next() {
            let (id, recording): (Int64, Int64) = (text["id"], text["audio_record_id"])
            guard let words: Data = text["words_sha256"] else {
                if ofBackup.contains(recording) { lost.append(id) }
                continue
            }
            let (shown, due): (String?, String?) = (text["transcript_text"], text["sidecar_due"])
            if let shown, Sidecar.hash(ofWords: shown) == Array(words) { continue }
            let isCurrent = !ofBackup.contains(recording) || due != nil
            if isCurrent, try hasRevision(of: recording, withWords: Array(words)) { continue }
            lost.append(id)
        }
        for id in lost {
            // The inode still tells the file from those of other recordings; no file has this size.
            try execute(
                sql: "UPDATE sidecars SET size = -1, words_sha256 = NULL WHERE id = ?", arguments: [id])
        }
    }

    /// - Parameter words: as ``Sidecar/words``.
    private func hasRevision(of recording: Int64, withWords words: [UInt8]) throws -> Bool {
        let texts = try String.fetchCursor(
            self, sql: "SELECT text FROM transcript_revisions WHERE audio_record_id = ?",
            arguments: [recording])
        while let text = try texts.next() {
            if Sidecar.hash(ofWords: text) == words { return true }
        }
        return false
    }

    /// The words that a recording shows, where the revision that they come from is lost.
    func keepShownWords() throws {
        try execute(
            sql: """
                INSERT INTO transcript_revisions (audio_record_id, origin, text, segments, language, created_at)
                    SELECT a.id, CASE WHEN a.engine IS NULL THEN 'sidecar' ELSE 'engine' END, a.transcript_text, '[]',
                        a.language, a.updated_at
                    FROM audio_records a
                    WHERE a.transcript_text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM transcript_revisions r
                        WHERE r.id = a.revision_id AND r.audio_record_id = a.id);
                UPDATE audio_records SET revision_id =
                        (SELECT max(r.id) FROM transcript_revisions r WHERE r.audio_record_id = audio_records.id)
                    WHERE transcript_text IS NOT NULL AND NOT EXISTS (SELECT 1 FROM transcript_revisions r
                        WHERE r.id = revision_id AND r.audio_record_id = audio_records.id);
                """)
    }
}
