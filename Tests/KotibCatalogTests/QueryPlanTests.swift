import GRDB
import KotibModel
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Every frequent statement uses an index, so that its cost does not depend on the backlog.
struct QueryPlanTests {
    private func plan(_ sql: String) async throws -> String {
        try await memoryCatalog().database.read("test") { database in
            // Values do not matter to a plan: SQLite reads an unbound parameter as NULL.
            let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { $0["detail"] as String }.joined(separator: "\n")
        }
    }

    @Test(arguments: [
        (WarningSQL.countAll, "INDEX audio_records_doubtful"),
        (WarningSQL.count, "INDEX audio_records_doubtful (user_id=?)"),
        (RecordingSQL.current, "INDEX audio_records_current_path (path=?)"),
        (IngestStore.identityAtPath, "INDEX audio_records_current_path (path=?)"),
        (IngestStore.presentAtOrBelow, "INDEX audio_records_current_path (path>? AND path<?)"),
        (IngestStore.presentPage, "PRIMARY KEY (rowid>?)"),
        (AdoptionSQL.withoutText, "SEARCH s USING INDEX sidecars_record (audio_record_id=?)"),
        (RecordingStore.countByState, "COVERING INDEX audio_records_status"),
        (RecordingStore.shownTranscript, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (RevisionSQL.shown, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (RevisionSQL.one, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (JobSQL.complete, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (RefusalStore.forgetRefusedSQL, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (RefusalStore.incompleteSQL, "INDEX audio_records_incomplete (id>?)"),
        (SidecarRegistry.duePage, "INDEX audio_records_sidecar_due (id>?)"),
        (SidecarRegistry.sidecarAtPath, "INDEX sqlite_autoindex_sidecars_1 (path=?)"),
        (SidecarRegistry.transcriptsOfWords, "INDEX sidecars_words (words_sha256=?)"),
        (SidecarRegistry.transcriptsOfInode, "INDEX sidecars_inode (inode=?)"),
        (MoveSQL.shorter, "INDEX audio_records_inode (inode=?)"),
        (MoveSQL.ofFile, "INDEX audio_records_inode (inode=?)"),
        (DeletionSQL.visible, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (DeletionSQL.page, "SEARCH deletions USING INTEGER PRIMARY KEY (rowid>?)"),
        (DeletionSQL.finish, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (DeletionSQL.atPath, "SEARCH a USING INDEX audio_records_current_path (path=?)"),
        (DeletionSQL.elsewhere, "SEARCH a USING INDEX audio_records_inode (inode=?)"),
        (DeletionSQL.elsewhere, "SEARCH deletions USING INTEGER PRIMARY KEY (rowid=?)"),
        (DeletionSQL.older, "INDEX audio_records_current_path (path>? AND path<?)"),
        (IntentSQL.page, "SEARCH sidecar_intents USING PRIMARY KEY (path>?)"),
        (IntentSQL.atPath, "SEARCH sidecar_intents USING PRIMARY KEY (path=?)"),
        (
            IntentSQL.ofRecording,
            "SEARCH sidecar_intents USING INDEX sidecar_intents_record (audio_record_id=?)"
        ),
        (MoveSQL.byInode, "INDEX audio_records_inode (inode=?)"),
        (MoveSQL.present, "INDEX audio_records_content (user_id=? AND sha256=? AND audio_state=?)"),
        (MoveSQL.presentSound, "audio_records_sound (user_id=? AND sound_sha256=? AND audio_state=?)"),
        (MoveSQL.departedSound, "audio_records_departed_sound (user_id=? AND sound_sha256=?)"),
        (ReuseSQL.ownSound, "audio_records_completed_sound (user_id=? AND sound_sha256=?)"),
        (MoveSQL.unchanged, "INDEX audio_records_inode (inode=?)"),
        (MoveSQL.page, "SEARCH moves USING INTEGER PRIMARY KEY (rowid>?)"),
        (MoveSQL.inherit, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (ArchiveSQL.resting, "SEARCH a USING INDEX audio_records_rest (rests_since>? AND rests_since<?)"),
        (ArchiveSQL.longest, "INDEX audio_records_rest (rests_since>?)"),
        (ArchiveSQL.unfinished, "INDEX archived_unfinished (audio_record_id>?)"),
        (ArchiveSQL.one, "SEARCH archived USING INTEGER PRIMARY KEY (rowid=?)"),
        (ArchiveSQL.begin, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (ArchiveSQL.copied, "SEARCH archived USING INTEGER PRIMARY KEY (rowid=?)"),
        (ArchiveSQL.kept, "SEARCH archived USING INTEGER PRIMARY KEY (rowid=?)"),
        (ArchiveSQL.depart, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (ArchiveSQL.withdraw, "SEARCH archived USING INTEGER PRIMARY KEY (rowid=?)"),
        (LibrarySQL.entry, "SEARCH x USING INTEGER PRIMARY KEY (rowid=?)"),
        (RecordingSQL.sidecars, "INDEX sidecars_record (audio_record_id=?)"),
        (JobSQL.hasDue, "INDEX audio_records_delayed (due_at<?)"),
        (JobSQL.hasDue, "INDEX audio_records_delayed (due_at>?)"),
        (JobSQL.promote, "INDEX audio_records_delayed (due_at<?)"),
        (JobSQL.promote, "INDEX audio_records_delayed (due_at>?)"),
        (JobSQL.nextDue, "INDEX audio_records_delayed"),
        (JobSQL.interrupted, "INDEX audio_records_status (transcription_status=? AND is_current=?)"),
        (JobSQL.takeTurn, "INDEX users_last_turn"),
        (UserSQL.byPhone, "(phone_number=?)"),
        (UserSQL.byFolder, "(folder=?)"),
        (UserSQL.page, "SCAN u USING INDEX sqlite_autoindex_users"),
        (UserSQL.promote, "(phone_number=?)"),
        (UserSQL.empty, "INDEX sqlite_autoindex_users_1 (phone_number=? AND rowid>?)"),
        (UserSQL.forgetEmpty, "SEARCH users USING INTEGER PRIMARY KEY (rowid=?)"),
        (CodeSQL.use, "INDEX otp_tokens_phone_number (phone_number=?)"),
        (CodeSQL.live, "INDEX otp_tokens_phone_number (phone_number=?)"),
        (CodeSQL.deleteEnded, "INDEX otp_tokens_ends_at (ends_at<?)"),
        (AttemptSQL.ofPhone, "INDEX account_attempts_phone (kind=? AND phone_number=? AND at>?)"),
        (AttemptSQL.ofPeerAtPhone, "INDEX account_attempts_phone (kind=? AND phone_number=? AND at>?)"),
        (AttemptSQL.triesByStanding, "INDEX account_attempts_phone (kind=? AND phone_number=? AND at>?)"),
        (AttemptSQL.triesByPeer, "INDEX account_attempts_phone (kind=? AND phone_number=? AND at>?)"),
        (AttemptSQL.deleteVain, "INDEX account_attempts_vain"),
        (KnownPeerSQL.one, "SEARCH known_peers USING PRIMARY KEY (user_id=? AND peer=?)"),
        (AttemptSQL.ofPeer, "INDEX account_attempts_peer (kind=? AND peer=? AND at>?)"),
        (AttemptSQL.all, "INDEX account_attempts_at (kind=? AND at>?)"),
        (AttemptSQL.deleteBefore, "INDEX account_attempts_at (kind=? AND at<?)"),
        (AttemptSQL.deleteAfter, "INDEX account_attempts_at (kind=? AND at>?)"),
        (TokenSQL.holder, "SEARCH t USING PRIMARY KEY (jti=?)"),
        (TokenSQL.holder, "SEARCH u USING INTEGER PRIMARY KEY (rowid=?)"),
        (TokenSQL.delete, "USING PRIMARY KEY (jti=?)"),
        (TokenSQL.deleteOfUser, "INDEX access_tokens_user (user_id=?)"),
        (TokenSQL.deleteEnded, "INDEX access_tokens_ends_at (ends_at<?)"),
        (PieceSQL.revisionIDs, "INDEX transcript_revisions_record (audio_record_id=? AND id<?)"),
        (PieceSQL.revision, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (PieceSQL.piece, "SEARCH transcript_revisions USING INTEGER PRIMARY KEY (rowid=?)"),
        (PieceSQL.size, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (ReuseSQL.own, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (ReuseSQL.own, "SEARCH s USING INDEX audio_records_completed_content (sha256=? AND user_id=?)"),
        (ReuseSQL.anybodys, "SEARCH s USING INDEX audio_records_completed_content (sha256=?)"),
        (ReuseSQL.complete, "SEARCH audio_records USING INTEGER PRIMARY KEY (rowid=?)"),
        (LibrarySQL.entry, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (EventSQL.page, "SEARCH events USING INTEGER PRIMARY KEY (rowid>?)"),
        (HookSQL.due, "INDEX hook_deliveries_due (receiver=? AND due_at<?)"),
        (HookSQL.due, "SEARCH e USING INTEGER PRIMARY KEY (rowid=?)"),
        (HookSQL.due, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
        (HookSQL.tooFarAhead, "INDEX hook_deliveries_due (receiver=? AND due_at>?)"),
        (HookSQL.nextDue, "COVERING INDEX hook_deliveries_due (receiver=?)"),
        (HookSQL.settle, "SEARCH hook_deliveries USING INTEGER PRIMARY KEY (rowid=?)"),
        (HookSQL.putOff, "SEARCH hook_deliveries USING INTEGER PRIMARY KEY (rowid=?)"),
        (HookSQL.forget, "INDEX hook_deliveries_due (receiver=?)"),
        (QuotaSQL.ofFolder, "(folder=?)"),
        (QuotaSQL.addUsage, "(folder=?)"),
        (QuotaSQL.fitting, "INDEX quota_waits_user (user_id=? AND audio_record_id>?)"),
        (QuotaSQL.fitting, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
        (QuotaSQL.users, "COVERING INDEX quota_waits_user"),
        (QuotaSQL.count, "COVERING INDEX quota_waits_user"),
        (HookSQL.pending, "COVERING INDEX hook_deliveries_due"),
    ])
    func usesAnIndex(sql: String, step: String) async throws {
        let plan = try await plan(sql)
        #expect(plan.contains(step))
        #expect(!plan.contains("TEMP B-TREE"))
    }

    /// Only rows with the same time are sorted.
    @Test func lastRemovedIsReadByAnIndex() async throws {
        let plan = try await plan(MoveSQL.departed)
        #expect(plan.contains("INDEX audio_records_departed (user_id=? AND sha256=?)"))
        #expect(!plan.contains("USE TEMP B-TREE FOR ORDER BY"))
    }

    @Test func aClaimGoesDownTwoIndexesAndSortsNothing() async throws {
        let plan = try await plan(JobSQL.next)
        #expect(plan.contains("SCAN u USING INDEX users_waiting"))
        #expect(plan.contains("SEARCH a USING INDEX audio_records_ready (user_id=?)"))
        #expect(!plan.contains("TEMP B-TREE"))
    }

    @Test func aListMergesItsStatesInTheOrderOfAnIndex() async throws {
        let all = RecordingState.allCases
        for part in LibrarySQL.Part.allCases {
            let step =
                switch part {
                case .everything: "INDEX audio_records_by_state (transcription_status=? AND id<?)"
                case .ofOneUser:
                    "INDEX audio_records_by_user_and_state (user_id=? AND transcription_status=? AND id<?)"
                case .inOneLanguage:
                    "INDEX audio_records_by_state_and_language (transcription_status=? AND language=? AND id<?)"
                case .ofSomeTime:
                    "INDEX audio_records_by_state_and_time (transcription_status=? AND created_at>? AND created_at<?)"
                }
            for states in [all, Array(all.prefix(1))] {
                let plan = try await plan(LibrarySQL.page(states, part))
                // For failed recordings the error is read too, which is in no index.
                let covered = states.count { $0 != .failed }
                #expect(plan.split(separator: "\n").count { $0.contains("COVERING " + step) } == covered)
                #expect(plan.split(separator: "\n").count { $0.contains(step) } == states.count)
                #expect(plan.contains("TEMP B-TREE") == (part == .ofSomeTime))
            }
            #expect(try await plan(LibrarySQL.total(all, part)).contains("COVERING INDEX"))
        }
        let kept = try await plan(LibrarySQL.keptTotal(all, ofOneUser: true))
        #expect(kept.contains("SEARCH recording_counts USING PRIMARY KEY (user_id=? AND status=?)"))
    }

    @Test func aSearchIsReadInTheOrderOfItsIndex() async throws {
        for sql in [LibrarySQL.searchPage([.completed]), LibrarySQL.searchTotal([.completed])] {
            let plan = try await plan(sql)
            #expect(plan.contains("SCAN s VIRTUAL TABLE INDEX"))
            #expect(plan.contains("SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"))
            #expect(!plan.contains("TEMP B-TREE"))
        }
    }

    @Test func aSearchForWordsAloneIsCountedByItsIndex() async throws {
        let plan = try await plan(LibrarySQL.searchTotalOfAll)
        #expect(plan.contains("SCAN s VIRTUAL TABLE INDEX") && !plan.contains("audio_records"))
    }
}
